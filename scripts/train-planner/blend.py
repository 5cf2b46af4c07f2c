"""The weighted mean of two rounds' results: better than either on turns that neither has seen."""

import sys

import torch


def main(first, second, share, out):
    share = float(share)
    rounds = [torch.load(path) for path in (first, second)]
    blended = {
        part: {name: (1.0 - share) * rounds[0][part][name] + share * value for name, value in rounds[1][part].items()}
        for part in ("encoder", "heads")
    }
    torch.save(blended, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
