"""`python -m engine.training.difficulty --prompts DIR --out FILE`: weights to FILE, what they are worth as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from engine.budget.classifier import Classifier, load, save
from engine.models import places
from engine.training.difficulty.learning import learn
from engine.training.difficulty.prompts import lines, read
from engine.training.difficulty.report import report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.training.difficulty", description=__doc__)
    parser.add_argument("--prompts", type=Path, required=True, metavar="DIR", help="difficulty.jsonl and the others")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the weights go, .npz")
    parser.add_argument("--report-only", action="store_true", help="judge the weights in FILE; nothing is learnt")
    args = parser.parse_args(arguments)
    own = places.resources() / "difficulty"
    examples = read(args.prompts, own)
    if not args.report_only:
        save(args.out, learn([e for e in examples if not e.held_out]))
    held_out = [e for e in examples if e.held_out]
    judged = report(Classifier(load(args.out)), held_out, list(lines(own / "requests.jsonl")))
    json.dump(judged | {"bytes": args.out.stat().st_size}, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
