package suite

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// DefaultSeeds is what runs where no seeds are asked for.
const DefaultSeeds = "1"

// maxSeeds bounds a list of seeds; a longer one is a slip of the keyboard.
const maxSeeds = 100_000

// ParseSeeds reads a list of seeds: "7", "1-20", "3,9,40", or a mixture. It returns them in
// ascending order, each once. Seeds are positive.
func ParseSeeds(s string) ([]uint64, error) {
	var seeds []uint64
	for _, part := range strings.Split(s, ",") {
		part = strings.TrimSpace(part)
		low, high, isRange := strings.Cut(part, "-")
		from, err := parseSeed(low)
		if err != nil {
			return nil, seedsError(s, part, err)
		}
		to := from
		if isRange {
			if to, err = parseSeed(high); err != nil {
				return nil, seedsError(s, part, err)
			}
		}
		if to < from {
			return nil, seedsError(s, part, fmt.Errorf("the range goes backwards; write %d-%d", to, from))
		}
		if to-from >= maxSeeds || uint64(len(seeds))+to-from >= maxSeeds {
			return nil, seedsError(s, part, fmt.Errorf("that is more than %d seeds", maxSeeds))
		}
		for n := from; ; n++ {
			seeds = append(seeds, n)
			if n == to {
				break
			}
		}
	}
	slices.Sort(seeds)
	return slices.Compact(seeds), nil
}

func parseSeed(s string) (uint64, error) {
	if s = strings.TrimSpace(s); s == "" {
		return 0, fmt.Errorf("a number is missing")
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is too large, seeds end at %d", s, uint64(math.MaxUint64))
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not a positive whole number", s)
	}
	if n == 0 {
		return 0, fmt.Errorf("seeds begin at 1")
	}
	return n, nil
}

func seedsError(all, part string, err error) error {
	if all == part {
		return fmt.Errorf("seeds %q: %w (examples: 7, 1-20, 3,9,40)", all, err)
	}
	return fmt.Errorf("seeds %q, at %q: %w (examples: 7, 1-20, 3,9,40)", all, part, err)
}

// FormatSeeds is the inverse of [ParseSeeds]: 1-20,40.
func FormatSeeds(seeds []uint64) string {
	var parts []string
	for i := 0; i < len(seeds); {
		j := i
		for j+1 < len(seeds) && seeds[j+1] == seeds[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, strconv.FormatUint(seeds[i], 10))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", seeds[i], seeds[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}
