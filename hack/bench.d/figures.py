"""The figures of a run: collected, printed, kept as JSON, compared, shown as Markdown."""

import json
import statistics


class Figures:
    """Values by section and name, in the order in which they first came."""

    def __init__(self):
        self.section = ""
        self.all = {}

    def add(self, name, unit, value):
        """One more value of a figure, that of a round."""
        figure = self.all.setdefault((self.section, name), {"unit": unit, "values": []})
        figure["values"].append(float(value))

    def ratio(self, name, above, below):
        """The ratio of two figures of this section, round by round."""
        a, b = self.all.get((self.section, above)), self.all.get((self.section, below))
        if a is None or b is None:
            return
        for x, y in zip(a["values"], b["values"]):
            if y:
                self.add(name, "x", x / y)

    def rows(self):
        for (section, name), figure in self.all.items():
            values = figure["values"]
            yield {
                "section": section,
                "name": name,
                "unit": figure["unit"],
                "median": statistics.median(values),
                "min": min(values),
                "max": max(values),
                "values": values,
            }

    def section_rows(self):
        return [r for r in self.rows() if r["section"] == self.section]


def number(x):
    """Three figures that count: 12345.6 is 12,300 and 0.012345 is 0.0123."""
    if x == 0:
        return "0"
    if abs(x) >= 1000:
        digits = len(str(int(abs(x))))
        return f"{round(x, 3 - digits):,.0f}"
    return f"{x:.3g}"


def print_rows(rows):
    for r in rows:
        spread = f"({number(r['min'])} .. {number(r['max'])})" if len(r["values"]) > 1 else ""
        print(f"{r['name']:<58} {number(r['median']):>9} {r['unit']:<5} {spread}", flush=True)


def save(path, machine, rows):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"machine": machine, "figures": rows}, file, indent=1)
        file.write("\n")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def compare(path_a, path_b):
    """Prints b beside a. `*`: the spreads do not meet, so that it is hardly chance."""
    a, b = load(path_a), load(path_b)
    for name, run in (("a", a), ("b", b)):
        m = run["machine"]
        print(f"{name}: {m.get('commit', '')} {m.get('date', '')} {m.get('cpu', '')}")
    theirs = {(r["section"], r["name"]): r for r in a["figures"]}
    print(f"{'':<58} {'a':>9} {'b':>9} {'b / a':>7}")
    for r in b["figures"]:
        old = theirs.get((r["section"], r["name"]))
        if old is None:
            continue
        apart = r["min"] > old["max"] or r["max"] < old["min"]
        ratio = f"{r['median'] / old['median']:7.2f}" if old["median"] else " " * 7
        print(f"{r['name']:<58} {number(old['median']):>9} {number(r['median']):>9} {ratio} "
              f"{'*' if apart else ' '} {r['unit']}")


def markdown(run):
    """The tables of a run, and the machine it ran on."""
    m = run["machine"]
    lines = [f"{m['date']}, commit {m['commit']}: {m['cores']} cores of {m['cpu']}, "
             f"{m['memory_gib']} GiB, Linux {m['kernel']}, load {m['load']} at the start, "
             f"{m['rounds']} rounds of {m['seconds']:g} s. " + ", ".join(
                 f"{name} {version}" for name, version in m["versions"].items()) + "."]
    section = None
    for r in run["figures"]:
        if r["section"] != section:
            section = r["section"]
            lines += ["", f"**{section}**", "", "| Figure | Median | Spread |", "|---|---|---|"]
        spread = f"{number(r['min'])} .. {number(r['max'])}" if len(r["values"]) > 1 else ""
        lines.append(f"| {r['name']} | {number(r['median'])} {r['unit']} | {spread} |")
    return "\n".join(lines) + "\n"


def write_markdown(page, text):
    """Puts the tables between the marks of a page."""
    begin, end = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"
    with open(page, encoding="utf-8") as file:
        old = file.read()
    head, rest = old.split(begin)
    tail = rest.split(end)[1]
    with open(page, "w", encoding="utf-8") as file:
        file.write(head + begin + "\n" + text + "\n" + end + tail)
