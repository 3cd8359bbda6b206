"""Shell completion: the scripts that Bash and zsh run, in place of Typer's, which know no words with `=` in them.

Bash splits words at `=` and `:` (COMP_WORDBREAKS), so that a completion of `loss.name=hin` is asked for as one of
`hin`, and what is offered may only be what comes behind. Behind a key's `=` and a folder's `/` neither shell may set a
space, since the word goes on. Both ask with the line as it was typed, in the form that Typer has for fish: an offer a
line, its help behind a tab.
"""

from __future__ import annotations

from typer import _completion_shared

# Templates: Typer fills in the names, and `%%` is a percent sign.
_BASH = """
%(complete_func)s() {
    local IFS=$'\\n' line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]} offer
    local word=${line##*[[:space:]]}
    [[ $current == [=:] ]] && current=
    local before=${word%%"$current"}
    COMPREPLY=()
    for offer in $(env _TYPER_COMPLETE_ARGS="$line" _TYPER_COMPLETE_FISH_ACTION=get-args \\
                   %(autocomplete_var)s=complete_fish "$1"); do
        offer=${offer%%%%$'\\t'*}
        COMPREPLY+=("${offer#"$before"}")
    done
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace
    return 0
}

complete -o default -F %(complete_func)s %(prog_name)s
"""
_ZSH = """
#compdef %(prog_name)s

%(complete_func)s() {
    local -a offers ended open
    local offer value
    offers=("${(@f)$(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _TYPER_COMPLETE_FISH_ACTION=get-args \\
                     %(autocomplete_var)s=complete_fish %(prog_name)s)}")
    for offer in ${offers:#}; do
        value=${offer%%%%$'\\t'*}
        if [[ $value == *[=/] ]]; then
            open+=("$value")
        elif [[ $offer == *$'\\t'* ]]; then
            ended+=("${value//:/\\\\:}:${offer#*$'\\t'}")
        else
            ended+=("${value//:/\\\\:}")
        fi
    done
    (( $#open )) && compadd -S '' -a open
    (( $#ended )) && _describe %(prog_name)s ended
    (( $#open || $#ended )) || _files
}

compdef %(complete_func)s %(prog_name)s
"""


def use_own_scripts() -> None:
    """Let `--install-completion` and `--show-completion` give these scripts. Typer has no public way to."""
    _completion_shared._completion_scripts |= {"bash": _BASH, "zsh": _ZSH}
