"""hack/bench: sections in turn, each in interleaved rounds. The head of hack/bench shows the use."""

import argparse
import os
import signal
import subprocess
import sys

import bench
import figures
import sections

PAGE = os.path.join(bench.ROOT, "tests", "bench", "README.md")
OUT = os.path.join(bench.ROOT, "build", "bench.json")


def parse(argv):
    p = argparse.ArgumentParser(prog="hack/bench", description="Measures speed and memory.")
    p.add_argument("sections", nargs="*", metavar="SECTION",
                   help="default: all; `api` stands for those that need only an API server")
    p.add_argument("--list", action="store_true", help="name the sections")
    p.add_argument("--rounds", type=int, default=3, help="how often each figure is measured")
    p.add_argument("--seconds", type=float, default=3, help="length of a measurement")
    p.add_argument("--large", action="store_true", help="also a million objects")
    p.add_argument("--smoke", action="store_true",
                   help="tiny sizes: whether it works, not how fast")
    p.add_argument("--server", metavar="URL", help="load this server instead of a Gantry of ours")
    p.add_argument("--token", help="bearer token for --server")
    p.add_argument("--ca", metavar="FILE", help="its certificate authority")
    p.add_argument("--insecure", action="store_true", help="do not verify its certificate")
    p.add_argument("--pid", type=int, nargs="*",
                   help="its processes, on this machine, to see what they use")
    p.add_argument("--dir", default=None, help="where stores are made (default: TMPDIR)")
    p.add_argument("--out", default=OUT, help="where the figures go as JSON")
    p.add_argument("--no-build", action="store_true", help="measure what is built already")
    p.add_argument("--compare", nargs=2, metavar=("A", "B"), help="print run B beside run A")
    p.add_argument("--markdown", nargs="?", const=OUT, metavar="RUN",
                   help="print a run as tables")
    p.add_argument("--page", action="store_true",
                   help="with --markdown: put them into tests/bench/README.md as well")
    options = p.parse_args(argv)
    if options.smoke:
        options.rounds, options.seconds = 1, 0.2
    if options.server and not options.ca and not options.insecure:
        p.error("--server needs --ca FILE or --insecure")
    return p, options


def chosen(parser, options):
    names = options.sections or (["api"] if options.server else list(sections.ALL))
    names = [n for name in names for n in (sections.API if name == "api" else [name])]
    for name in names:
        if name not in sections.ALL:
            parser.error(f"unknown section '{name}': {', '.join(sections.ALL)} or api")
        if options.server and name not in sections.API:
            parser.error(f"'{name}' needs a server of our own")
    return names


def main(argv):
    parser, options = parse(argv)
    if options.list:
        for name, section in sections.ALL.items():
            print(f"{name:<11} {section.__doc__.splitlines()[0]}")
        return 0
    if options.compare:
        figures.compare(*options.compare)
        return 0
    if options.markdown:
        text = figures.markdown(figures.load(options.markdown))
        print(text)
        if options.page:
            figures.write_markdown(PAGE, text)
        return 0
    names = chosen(parser, options)
    if not options.no_build:
        build = ["ninja", "-C", "build", "gantry", "kubectl-gantry", "store_bench", "floor_server",
                 "bench_load", "micro_bench"]
        for command in (["cmake", "--preset", "release"], build):
            done = subprocess.run(command, cwd=bench.ROOT, stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.STDOUT, check=False)
            if done.returncode != 0:
                print(done.stdout[-3000:], file=sys.stderr)
                return 1

    machine = bench.machine(options)
    print(f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, "
          f"load {machine['load']}, commit {machine['commit']}")
    found = figures.Figures()
    run = bench.Bench(options, found)
    failed = []

    def end(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)
    try:
        for name in names:
            found.section = sections.ALL[name].__doc__.splitlines()[0].rstrip(".")
            print(f"\n== {name}: {found.section}", flush=True)
            try:
                sections.ALL[name].run(run)
            except (bench.Failed, OSError, LookupError, ValueError) as error:
                failed.append(name)
                print(f"{name}: did not finish: {error!r}", flush=True)
            figures.print_rows(found.section_rows())
            for process in list(run.processes):
                run.stop(process)
    except KeyboardInterrupt:
        failed.append("interrupted")
    finally:
        run.close()
    os.makedirs(os.path.dirname(os.path.abspath(options.out)), exist_ok=True)
    figures.save(options.out, machine, list(found.rows()))
    if failed:
        print(f"\nnot finished: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
