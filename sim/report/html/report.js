"use strict";
// What a page does: its charts, its clock, and what of it stands in the address. Texts of files are
// set as text, never as HTML, and never handed to a chart.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const all = (selector, under = document) => [...under.querySelectorAll(selector)];
  const one = (selector, under = document) => under.querySelector(selector);
  const last = data.days ? data.days.length - 1 : 0;
  const BLUE = "#0072b2", GREY = "#595959", INK = "#1a1a1a";
  const COLOURS = [BLUE, "#d55e00", "#009e73", "#cc79a7", INK, "#8c8c8c"];
  const DASHES = [[], [8, 3], [2, 2], [10, 3, 2, 3], [4, 4]];
  const HATCHES = [" ", "/", ".", "\\", "x", "-"];

  // State: which outcome, what time, which replication, whether what happened is shown, and what of
  // a chart is not.

  const PARTS = ["inputs", "hair", "past"];

  const fresh = () => ({ outcome: 0, time: 0, way: one("[name=way]:checked")?.value ?? "", happened: false, hidden: [] });
  let state = fresh();

  function read() {
    const found = fresh();
    const written = new URLSearchParams(location.hash.slice(1));
    const number = (name, most) => {
      const value = Number.parseInt(written.get(name), 10);
      return Number.isInteger(value) && value >= 0 && value <= most ? value : null;
    };
    found.outcome = number("outcome", (data.outcomes?.length ?? 1) - 1) ?? found.outcome;
    found.time = number("time", last) ?? found.time;
    const way = number("way", (data.ways?.all?.length ?? 0) - 1);
    if (way !== null) found.way = String(way);
    found.happened = written.get("happened") === "yes";
    found.hidden = (written.get("hidden") ?? "").split(" ").filter((part) => PARTS.includes(part));
    return found;
  }

  // Not at every step of a clock that runs: browsers refuse addresses that change too often.
  let written = null;

  function write() {
    clearTimeout(written);
    written = setTimeout(writeNow, 250);
  }

  function writeNow() {
    const said = new URLSearchParams();
    if (state.outcome) said.set("outcome", state.outcome);
    if (state.time) said.set("time", state.time);
    if (state.way !== fresh().way || state.way) said.set("way", state.way);
    if (state.happened) said.set("happened", "yes");
    if (state.hidden.length) said.set("hidden", state.hidden.join(" "));
    history.replaceState(null, "", `#${said}`);
  }

  function change(part) {
    state = { ...state, ...part };
    write();
    show();
  }

  // Charts.

  const charts = new Map();

  const isNarrow = (place) => place.clientWidth < 520;
  const highest = (curves) => Math.max(0, ...curves.flat().filter((p) => p !== null));
  const roundTop = (p) => [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((top) => p <= top);

  function figure(place, y, ticks) {
    const fig = Bokeh.Plotting.figure({
      sizing_mode: "stretch_both", tools: [], toolbar_location: null, output_backend: "svg",
      x_range: [0, data.horizon || 1], y_range: y.range, min_border_right: 16,
      outline_line_color: null,
    });
    const marks = ticks[isNarrow(place) ? 0 : 1];
    fig.xaxis.ticker = new Bokeh.FixedTicker({ ticks: marks.places });
    fig.xaxis.major_label_overrides = new Map(marks.places.map((p, k) => [p, marks.labels[k].join("\n")]));
    fig.xaxis.axis_label = marks.caption;
    const [low, high] = y.range;
    const at = Array.from({ length: 6 }, (_, k) => low + ((high - low) * k) / 5);
    fig.yaxis.ticker = new Bokeh.FixedTicker({ ticks: at });
    fig.yaxis.major_label_overrides = new Map(at.map((p) => [p, y.label(p)]));
    for (const axis of [fig.xaxis, fig.yaxis]) {
      Object.assign(axis, {
        axis_label_text_color: GREY, axis_label_text_font_style: "normal",
        axis_label_text_font_size: "13px", major_label_text_font_size: "13px",
        major_label_text_color: INK, axis_line_color: GREY, minor_tick_line_color: null,
      });
    }
    fig.xgrid.grid_line_color = null;
    return fig;
  }

  const percent = (p) => `${Number((100 * p).toPrecision(6))} %`;
  const upTo = (top) => ({ range: [0, top], label: percent });

  function line(fig, source, field, style) {
    return fig.line({ x: { field: "x" }, y: { field }, source, ...style });
  }

  function area(fig, source, low, high, style) {
    return fig.varea({ x: { field: "x" }, y1: { field: low }, y2: { field: high }, source, ...style });
  }

  function hover(fig, lines) {
    fig.add_tools(new Bokeh.HoverTool({
      tooltips: lines, mode: "vline", point_policy: "follow_mouse", line_policy: "nearest",
      renderers: [fig.renderers[fig.renderers.length - 1]],
    }));
  }

  function curve(place, outcome) {
    const { p, low, high, inputs } = outcome.curve;
    const ends = (k) => inputs.map((end) => (100 * end[k]).toFixed(0)).join(" to ");
    const past = outcome.past ?? [];
    const columns = { x: data.days, p, low, high, when: data.dates, said: p.map(said) };
    columns.known = p.map((_, k) => (inputs ? `${ends(k)} %` : "-"));
    if (inputs) Object.assign(columns, { inputs0: inputs[0], inputs1: inputs[1] });
    past.forEach((curve, k) => { columns[`past${k}`] = curve.map((v) => v ?? Number.NaN); });
    const top = roundTop(highest([high, ...(inputs ? [inputs[1]] : []), ...past]));
    const fig = figure(place, upTo(top), data.ticks);
    const source = new Bokeh.ColumnDataSource({ data: columns });
    const band = { fill_color: BLUE, fill_alpha: 0.18 };
    const parts = {
      inputs: inputs ? [area(fig, source, "inputs0", "inputs1", band)] : [],
      past: past.map((_, k) => line(fig, source, `past${k}`, {
        line_color: GREY, line_width: k ? 1 : 2, line_dash: k ? [1, 3] : [6, 3],
      })),
      hair: ["low", "high"].map((end) => line(fig, source, end, { line_color: INK, line_width: 0.75 })),
    };
    line(fig, source, "p", { line_color: BLUE, line_width: 2.5 });
    hover(fig, [["by", "@when"], ["probability", "@said"], ["inputs 80 %", "@known"]]);
    return [fig, parts];
  }

  function overlay(place, outcome) {
    const columns = { x: data.days, when: data.dates };
    outcome.curves.forEach(({ p, low, high }, k) => Object.assign(columns, {
      [`p${k}`]: p, [`low${k}`]: low, [`high${k}`]: high,
    }));
    const fig = figure(place, upTo(roundTop(highest(outcome.curves.map(({ high }) => high)))), data.ticks);
    const source = new Bokeh.ColumnDataSource({ data: columns });
    const hair = outcome.curves.flatMap((_, k) => ["low", "high"].map((end) => line(fig, source, `${end}${k}`, {
      line_color: COLOURS[k], line_width: 0.75, line_alpha: 0.7,
    })));
    outcome.curves.forEach((_, k) => line(fig, source, `p${k}`, {
      line_color: COLOURS[k], line_width: 2.5, line_dash: DASHES[k],
    }));
    return [fig, { hair }];
  }

  function stack(place, outcome) {
    const columns = { x: data.days, s0: data.days.map(() => 0) };
    outcome.stack.forEach(([, curve], k) => {
      columns[`s${k + 1}`] = curve.map((p, j) => p + columns[`s${k}`][j]);
    });
    const top = roundTop(highest([columns[`s${outcome.stack.length}`]]) - 1e-4) ?? 1;
    const fig = figure(place, upTo(top), data.ticks);
    const source = new Bokeh.ColumnDataSource({ data: columns });
    outcome.stack.forEach(([cause], k) => {
      const colour = COLOURS[cause === null ? 5 : k];
      area(fig, source, `s${k}`, `s${k + 1}`, {
        fill_color: colour, fill_alpha: 0.55, hatch_pattern: HATCHES[k], hatch_color: INK, hatch_alpha: 0.35,
      });
    });
    return [fig, {}];
  }

  const said = (p) => (p < 0.01 ? "< 1 %" : p > 0.99 ? "> 99 %" : `${(100 * p).toFixed(1)} %`);

  function cursor(colour, dash) {
    return new Bokeh.Span({
      dimension: "height", location: 0, line_color: colour, line_width: 1.5, line_dash: dash, level: "overlay",
    });
  }

  const made = { curve, overlay, stack };

  function draw(place) {
    if (charts.has(place) || !place.clientWidth) return;
    const outcome = data.outcomes[Number(place.dataset.outcome)];
    const [fig, parts] = made[place.dataset.chart](place, outcome);
    const now = cursor(INK, [4, 3]);
    const events = happenedAt(outcome).map((days) => {
      const mark = cursor("#a33a00", "solid");
      mark.location = days;
      return mark;
    });
    for (const mark of [now, ...events]) fig.add_layout(mark);
    charts.set(place, { now, events, parts });
    Bokeh.Plotting.show(fig, place);
  }

  function happenedAt(outcome) {
    const found = (data.resolved ?? []).find((one) => one.outcome === outcome.name);
    return found ? found.days.filter((days) => days !== null && days >= 0 && days <= data.horizon) : [];
  }

  // What is shown of the state.

  function show() {
    showOutcome();
    showTime();
    showWay();
    for (const details of all("[data-happened]")) details.open = state.happened;
    for (const box of all("[data-part]")) box.checked = !state.hidden.includes(box.dataset.part);
    for (const { events, parts } of charts.values()) {
      for (const mark of events) mark.visible = state.happened;
      for (const [name, drawn] of Object.entries(parts)) {
        for (const renderer of drawn) renderer.visible = !state.hidden.includes(name);
      }
    }
  }

  function showOutcome() {
    for (const article of all("article.outcome")) article.hidden = Number(article.dataset.outcome) !== state.outcome;
    for (const link of all("a.choose")) {
      const isIt = Number(link.dataset.outcome) === state.outcome;
      const row = link.closest("tr");
      if (isIt) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
    all(".chart").forEach(draw);
  }

  function showTime() {
    const days = data.days?.[state.time] ?? 0;
    for (const input of all("[data-time]")) {
      input.value = state.time;
      input.setAttribute("aria-valuetext", data.dates[state.time]);
    }
    for (const output of all("[data-now]")) output.textContent = data.dates[state.time];
    for (const { now } of charts.values()) now.location = days;
    for (const line of all("[data-readout]")) {
      const { curve, curves } = data.outcomes[Number(line.dataset.readout)];
      const told = (curves ?? [curve]).map(({ name, p }) => [name, said(p[state.time])].filter(Boolean).join(" "));
      line.textContent = `By ${data.dates[state.time]}: ${told.join("; ")}`;
    }
  }

  function showWay() {
    const radio = all("[name=way]").find((input) => input.value === state.way);
    if (radio) radio.checked = true;
    const days = data.days?.[state.time] ?? 0;
    for (const list of all(".timeline")) {
      list.hidden = list.dataset.way !== state.way;
      if (!list.hidden) showTimeline(list, days);
    }
    if (data.map) for (const place of data.map.places) showPlace(place, ...holder(place, days));
  }

  function showTimeline(list, days) {
    let current = null;
    for (const item of all("li[data-days]", list)) {
      const isPast = Number(item.dataset.days) <= days + 1e-9;
      item.classList.toggle("past", isPast);
      item.removeAttribute("aria-current");
      if (isPast) current = item;
    }
    current?.setAttribute("aria-current", "step");
    const room = one(".scroll", list);
    if (current) room.scrollTop = current.offsetTop - room.offsetTop - room.clientHeight / 2;
    else room.scrollTop = 0;
  }

  // Who holds a place at a time: in one replication, or most probably.
  function holder(place, days) {
    if (state.way === "") {
      const held = Object.entries(place.held).map(([name, curve]) => [name, curve[state.time]]);
      return held.sort((a, b) => b[1] - a[1])[0] ?? [null, 0];
    }
    const way = data.ways.all[Number(state.way)];
    let name = way.start[place.name] ?? null;
    for (const happening of way.happenings) {
      if (happening.days > days + 1e-9) break;
      for (const [where, after] of happening.taken) if (where === place.name) name = after;
    }
    return [name, 1];
  }

  const kind = (name) => {
    const number = data.map.holders.findIndex(([holder]) => holder === name);
    return number < 0 ? "h-none" : `h${Math.min(number, 7)}`;
  };
  const labelOf = (name) => data.map.holders.find(([holder]) => holder === name)?.[1] ?? (name === "none" ? "nobody" : name);

  function showPlace(place, name, share) {
    const spot = all("g.place").find((g) => g.dataset.place === place.name);
    spot.setAttribute("class", name === null ? "place unknown" : `place ${kind(name)}`);
    one(".share", spot).setAttribute("stroke-dasharray", `${100 * share} 100`);
    one(".sign", spot).textContent = name === null ? "" : one(`.holders [data-holder="${CSS.escape(name)}"] .sign`)?.textContent ?? "–";
    const row = all(".held tr[data-place]").find((tr) => tr.dataset.place === place.name);
    const [who, how] = all("td", row);
    who.textContent = name === null ? "" : labelOf(name);
    how.textContent = name === null || state.way !== "" ? "" : said(share);
  }

  // The clock.

  let playing = null;

  function play(isOn) {
    clearInterval(playing);
    playing = isOn ? setInterval(tick, 120) : null;
    for (const button of all("[data-play]")) {
      button.textContent = isOn ? "Pause" : "Play";
      button.setAttribute("aria-pressed", String(isOn));
    }
    // Who listens is told where the clock stops, not every step of it.
    for (const output of all("[data-now]")) output.setAttribute("aria-live", isOn ? "off" : "polite");
  }

  function tick() {
    if (state.time >= last) play(false);
    else change({ time: state.time + 1 });
  }

  // To the next time at which something happens in the replication that is shown, or one step on.
  function step(sign) {
    const happenings = state.way === "" ? [] : data.ways.all[Number(state.way)].happenings;
    const times = happenings.map(({ days }) => data.days.findIndex((t) => t >= days - 1e-9)).filter((k) => k >= 0);
    const beyond = times.filter((k) => sign * (k - state.time) > 0);
    const next = beyond.length ? (sign > 0 ? Math.min(...beyond) : Math.max(...beyond)) : state.time + sign;
    change({ time: Math.min(last, Math.max(0, next)) });
  }

  function listen() {
    for (const input of all("[data-time]")) {
      input.max = last;
      input.addEventListener("input", () => { play(false); change({ time: Number(input.value) }); });
    }
    for (const button of all("[data-play]")) {
      button.addEventListener("click", () => {
        if (playing === null && state.time >= last) change({ time: 0 });
        play(playing === null);
      });
    }
    for (const button of all("[data-step]")) {
      button.addEventListener("click", () => { play(false); step(Number(button.dataset.step)); });
    }
    for (const input of all("[name=way]")) input.addEventListener("change", () => change({ way: input.value }));
    for (const link of all("a.choose")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        change({ outcome: Number(link.dataset.outcome) });
        go(`outcome-${state.outcome}`);
      });
    }
    // An address that leads within the page would take the place of the state.
    for (const link of all("nav a, a.skip")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        go(link.getAttribute("href").slice(1));
      });
    }
    for (const details of all("[data-happened]")) {
      details.addEventListener("toggle", () => { if (details.open !== state.happened) change({ happened: details.open }); });
    }
    for (const box of all("[data-part]")) {
      box.addEventListener("change", () => {
        const others = state.hidden.filter((part) => part !== box.dataset.part);
        change({ hidden: box.checked ? others : [...others, box.dataset.part] });
      });
    }
    for (const input of all("[name=mark]")) input.addEventListener("change", () => filter(input.value));
    addEventListener("hashchange", () => { state = read(); show(); });
  }

  function go(id) {
    const target = document.getElementById(id);
    target.scrollIntoView();
    target.focus({ preventScroll: true });
  }

  function filter(wanted) {
    for (const row of all(".assumed tbody tr")) {
      row.hidden = wanted === "J" ? row.dataset.mark !== "J" : wanted === "?" && row.dataset.role !== "unknown";
    }
  }

  Bokeh.settings.log_level = "warn";
  state = read();
  listen();
  show();
})();
