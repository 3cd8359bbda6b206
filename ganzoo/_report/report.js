"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (name, text = "", props = {}) => Object.assign(document.createElement(name), { textContent: text }, props);
  const state = new Map();
  document.documentElement.classList.add("js");

  // State lives behind "#!", so that a link opens the page as it was seen; other hashes are plain anchors.
  const remember = (key, value) => {
    if (value) state.set(key, value); else state.delete(key);
    const text = [...state].map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
    history.replaceState(null, "", text ? "#!" + text : location.pathname + location.search);
  };
  const decoded = (text) => { try { return decodeURIComponent(text); } catch { return ""; } };
  const saved = location.hash.startsWith("#!")
    ? location.hash.slice(2).split("&").map((pair) => pair.split("=").map(decoded)) : [];

  const save = (name, type, content) => {
    const bytes = new TextEncoder().encode(content);
    const url = content.startsWith("data:") ? content : "data:" + type + ";base64," +
      btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    make("a", "", { href: url, download: name }).click();
  };
  const button = (text, run, label) => {
    const made = make("button", text, { type: "button", onclick: run });
    if (label) made.setAttribute("aria-label", label);
    return made;
  };

  // One recipe everywhere: all that has another one's number steps back.
  const highlight = (series) => {
    const buttons = all("[data-highlight]");
    buttons.forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.highlight === series)));
    all("[data-series]").forEach((each) => each.classList.toggle("dim", series !== "" && each.dataset.series !== series));
    remember("recipe", series);
  };
  all("[data-highlight]").forEach((each) => each.addEventListener("click", () =>
    highlight(each.getAttribute("aria-pressed") === "true" ? "" : each.dataset.highlight)));

  all(".axes input").forEach((input) => input.addEventListener("change", () => remember(input.name, input.value)));

  const shown = (cells) => cells.filter((cell) => !cell.hidden && !cell.classList.contains("pin"));
  const textOf = (cell) => {
    const copy = cell.cloneNode(true);
    // Below a number stand its errors, which go along with it.
    all("small", copy).forEach((each) => each.replaceWith(cell.dataset.value === undefined ? "" : " " + each.textContent));
    return copy.textContent.trim();
  };
  const grid = (table) => all("tr", table).filter((row) => !row.hidden).map((row) => shown([...row.cells]).map(textOf));
  const csv = (rows) => rows.map((row) => row.map((cell) => {
    const text = /^[=+\-@]/.test(cell) && isNaN(cell) ? "'" + cell : cell;
    return /[",\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  }).join(",")).join("\n") + "\n";
  const markdown = (rows) => rows.map((row, index) => "| " + row.map((cell) => cell.replace(/[|\\`*_<>[\]]/g, "\\$&"))
    .join(" | ") + " |" + (index ? "" : "\n|" + " --- |".repeat(row.length))).join("\n") + "\n";
  const latexMarks = { "±": "$\\pm$", "×": "$\\times$", "↓": "$\\downarrow$", "↑": "$\\uparrow$", "–": "--", "³": "$^3$",
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" };
  const latex = (rows) => "\\begin{tabular}{" + "l".repeat(rows[0].length) + "}\n\\toprule\n" + rows.map((row, index) =>
    row.map((cell) => cell.replace(/[\\~^±×↓↑–³]|[&%$#_{}]/g, (mark) => latexMarks[mark] || "\\" + mark)).join(" & ") +
    " \\\\" + (index ? "" : "\n\\midrule")).join("\n") + "\n\\bottomrule\n\\end{tabular}\n";

  const number = (cell) => {
    const text = cell.dataset.value ?? cell.textContent.replaceAll(",", "").match(/^\s*[\[(]?(-?[\d.]+)/)?.[1];
    return text === undefined ? NaN : Number(text);
  };
  const sort = (table, index, down) => {
    const rows = all("tbody tr", table).filter((row) => !row.className.match(/real|section/));
    const order = (one, other) => {
      const [a, b] = [one.cells[index], other.cells[index]], gap = number(a) - number(b);
      return isNaN(gap) ? a.textContent.localeCompare(b.textContent) : gap;
    };
    const last = all("tbody tr.real", table);
    all("tbody tr.section", table).forEach((row) => row.remove());
    rows.sort((one, other) => (down ? -1 : 1) * order(one, other)).concat(last).forEach((row) => table.tBodies[0].append(row));
    all("thead th", table).forEach((head, at) => {
      if (at === index) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    remember(table.id + ".sort", (down ? "-" : "") + index);
  };

  const filter = (table, field, text) => {
    const wanted = text.toLowerCase();
    all("tbody tr", table).forEach((row) => {
      const cells = field === "" ? [...row.cells] : [row.cells[field]];
      row.hidden = wanted !== "" && !cells.some((cell) => cell.textContent.toLowerCase().includes(wanted));
    });
    remember(table.id + ".filter", text && field + ":" + text);
  };

  const hide = (table, index, hidden) => {
    all("tr", table).forEach((row) => { if (row.cells[index]) row.cells[index].hidden = hidden; });
    const now = all("thead th", table).flatMap((head, at) => (head.hidden ? [at] : []));
    remember(table.id + ".hide", now.join("."));
  };

  // Two pinned rows: only what differs between them, with the answer that the table's intervals give.
  const compare = (table, place) => {
    const rows = all("tr.pinned", table), heads = all("thead th", table);
    place.replaceChildren();
    if (rows.length !== 2) return;
    const lines = heads.flatMap((head, at) => {
      const [a, b] = rows.map((row) => row.cells[at]);
      if (head.classList.contains("pin") || a.textContent === b.textContent) return [];
      const [x, y] = [a, b].map((cell) => (cell.dataset.value === undefined ? NaN : Number(cell.dataset.value)));
      return [[textOf(head), textOf(a), textOf(b), x > 0 && y > 0 ? (100 * (x / y - 1)).toFixed(1) + " %" : ""]];
    });
    const names = rows.map((row) => textOf(row.querySelector("th")));
    const made = make("table"), body = make("tbody");
    made.append(make("caption", names[0] + " against " + names[1] + ": what differs"), body);
    [["field", names[0], names[1], "first against second"], ...lines].forEach((line, index) => {
      const row = make("tr");
      line.forEach((text, at) => row.append(make(index && at ? "td" : "th", text)));
      body.append(row);
    });
    const pairs = document.getElementById(table.id.replace("-scores", "-pairs"));
    const pair = pairs && all("tbody tr", pairs).find((row) => {
      const found = [textOf(row.cells[0]), textOf(row.cells[2])];
      return names.every((name) => found.includes(name)) && names[0] !== names[1];
    });
    const keys = document.getElementById(table.id.replace("-scores", "-differ"));
    place.append(made);
    if (pair) place.append(make("p", shown([...pair.cells]).slice(0, 5).map(textOf).join(" ")));
    if (keys) place.append(button("Their settings", () => keys.scrollIntoView()));
  };

  const pins = (table) => {
    const place = make("div", "", { className: "difference" });
    place.setAttribute("aria-live", "polite");
    table.closest(".table-box").append(place);
    const head = make("td", "", { className: "pin" });
    table.tHead.rows[0].append(head);
    all("tbody tr", table).forEach((row) => {
      const cell = make("td", "", { className: "pin" });
      row.append(cell);
      if (row.className.match(/real|section/)) return;
      const name = textOf(row.querySelector("th"));
      const pin = button("pin", () => {
        row.classList.toggle("pinned");
        const pinned = all("tr.pinned", table);
        if (pinned.length > 2) pinned.find((each) => each !== row).classList.remove("pinned");
        all("td.pin button", table).forEach((each) =>
          each.setAttribute("aria-pressed", String(each.closest("tr").classList.contains("pinned"))));
        compare(table, place);
        remember(table.id + ".pin", all("tr.pinned", table).map((each) => each.dataset.number).join("."));
      }, "pin " + name + " to compare two");
      pin.setAttribute("aria-pressed", "false");
      cell.append(pin);
    });
  };

  const files = (table) => [["CSV", "text/csv", csv, "csv"], ["Markdown", "text/markdown", markdown, "md"],
    ["LaTeX", "application/x-tex", latex, "tex"]].map(([name, type, write, suffix]) =>
    button(name, () => save(table.id + "." + suffix, type, write(grid(table))), "save this table as " + name));

  const tools = (table) => {
    const bar = make("div", "", { className: "tools" }), heads = all("thead th", table);
    if ("tools" in table.dataset) {
      const field = make("select", "", { name: table.id + "-field" });
      const text = make("input", "", { type: "search", placeholder: "filter", name: table.id + "-filter" });
      field.setAttribute("aria-label", "field to filter by");
      text.setAttribute("aria-label", "filter " + table.caption.textContent);
      field.append(make("option", "any field", { value: "" }));
      heads.forEach((head, index) => field.append(make("option", textOf(head), { value: String(index) })));
      const run = () => filter(table, field.value, text.value);
      field.onchange = text.oninput = run;
      const columns = make("details"), list = make("div", "", { className: "columns" });
      columns.append(make("summary", "columns"), list);
      heads.forEach((head, index) => {
        const label = make("label"), box = make("input", "", { type: "checkbox", checked: true, name: table.id + "-column" });
        box.onchange = () => hide(table, index, !box.checked);
        label.append(box, " " + textOf(head));
        list.append(label);
        const by = button(textOf(head), () => sort(table, index, head.getAttribute("aria-sort") === "ascending"));
        head.replaceChildren(by);
      });
      bar.append(field, text, columns);
      if (table.querySelector("[data-number]")) pins(table);
    }
    bar.append(make("span", "save as", { className: "muted" }), ...files(table));
    table.closest(".table-box").prepend(bar);
  };
  all("table").forEach(tools);

  const drawn = (figure) => {
    const chart = all("svg", figure).find((each) => each.getClientRects().length) || figure.querySelector("svg");
    const copy = chart.cloneNode(true);
    all("[class]", copy).forEach((each) => each.removeAttribute("class"));
    return { text: new XMLSerializer().serializeToString(copy), width: chart.viewBox.baseVal.width,
      height: chart.viewBox.baseVal.height };
  };
  const png = (figure) => {
    const { text, width, height } = drawn(figure), image = new Image();
    image.onload = () => {
      const canvas = make("canvas", "", { width: 2 * width, height: 2 * height });
      canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
      save(figure.id + ".png", "image/png", canvas.toDataURL("image/png"));
    };
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
  };
  all("figure[id]").forEach((figure) => {
    const bar = make("div", "", { className: "tools" });
    bar.append(make("span", "save as", { className: "muted" }),
      button("SVG", () => save(figure.id + ".svg", "image/svg+xml", drawn(figure).text), "save this chart as SVG"),
      button("PNG", () => png(figure), "save this chart as PNG"));
    figure.querySelector("figcaption").after(bar);
  });

  addEventListener("beforeprint", () => all("details:not([open], .long)").forEach((each) => {
    each.open = true;
    addEventListener("afterprint", () => { each.open = false; }, { once: true });
  }));

  // A link may come from anywhere: a column that is not there is passed over.
  const known = (table, at) => table.tHead.rows[0].cells[Math.abs(Number(at))] !== undefined;
  const restore = { sort: (table, value) => known(table, value) && sort(table, Math.abs(Number(value)), value.startsWith("-")),
    hide: (table, value) => value.split(".").filter((at) => known(table, at)).forEach((at) => hide(table, Number(at), true)),
    filter: (table, value) => {
      const [field, ...text] = value.split(":");
      if (field === "" || known(table, field)) filter(table, field, text.join(":"));
    },
    pin: (table, value) => value.split(".").forEach((at) =>
      table.querySelector('[data-number="' + Number(at) + '"] .pin button')?.click()) };
  saved.forEach(([key, value = ""]) => {
    const [id, what] = key.split("."), table = document.getElementById(id);
    const input = all(".axes input").find((each) => each.name === key && each.value === value);
    if (input) { input.checked = true; remember(key, value); }
    else if (key === "recipe") highlight(value);
    else if (table?.matches("table") && restore[what]) restore[what](table, value);
  });
})();
