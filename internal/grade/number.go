package grade

import (
	"cmp"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Number is an exact decimal or a quotient of such. Scores are computed with it, because sums of
// binary fractions depend on their order, and half a cent of a point on the machine.
type Number struct{ r *big.Rat }

// Int returns n.
func Int(n int) Number { return Number{big.NewRat(int64(n), 1)} }

func (n Number) rat() *big.Rat {
	if n.r == nil {
		return new(big.Rat)
	}
	return n.r
}

// IsZero reports whether n is 0.
func (n Number) IsZero() bool { return n.rat().Sign() == 0 }

func (n Number) plus(m Number) Number { return Number{new(big.Rat).Add(n.rat(), m.rat())} }

// less is n-m, and 0 where m is more than n.
func (n Number) less(m Number) Number {
	d := new(big.Rat).Sub(n.rat(), m.rat())
	if d.Sign() < 0 {
		return Number{}
	}
	return Number{d}
}

func (n Number) times(m Number) Number { return Number{new(big.Rat).Mul(n.rat(), m.rat())} }

// over is n/m, or 0 if m is.
func (n Number) over(m Number) Number {
	if m.IsZero() {
		return Number{}
	}
	return Number{new(big.Rat).Quo(n.rat(), m.rat())}
}

// Equal compares values.
func (n Number) Equal(m Number) bool { return n.rat().Cmp(m.rat()) == 0 }

// shownDigits is how many digits after the point are shown of a number that is not rounded by a
// policy.
const shownDigits = 4

// String is the number in decimal, without zeros at its end: "12.5".
func (n Number) String() string {
	s := n.rat().FloatString(shownDigits)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Share is n as a share of m in decimal, with six digits: "0.875".
func (n Number) Share(m Number) string {
	s := strings.TrimRight(n.over(m).rat().FloatString(6), "0")
	return strings.TrimSuffix(s, ".")
}

// MarshalJSON writes a JSON number.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalJSON reads one.
func (n *Number) UnmarshalJSON(text []byte) error { return n.parse(string(text)) }

var decimal = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,9})?$`)

const aNumber = "write one from 0 up, such as 30 or 2.5, with at most nine digits on each side of the point"

func (n *Number) parse(s string) error {
	if !decimal.MatchString(s) {
		return fmt.Errorf("%q is no number of points; "+aNumber, s)
	}
	n.r, _ = new(big.Rat).SetString(s) // the pattern allows nothing that it does not read
	return nil
}

// UnmarshalYAML reads the digits as they are written. By its kind of error the library goes on, so
// that all faults of a file are found at once.
func (n *Number) UnmarshalYAML(node *yaml.Node) error {
	if err := n.parse(node.Value); err != nil || node.Kind != yaml.ScalarNode {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %q is no number of points; "+aNumber, node.Line, cmp.Or(node.Value, "..."))}}
	}
	return nil
}

// Balanced returns points as they are shown, with sums that are equal to total: for services that
// add up themselves, and know of no rounding and of no deduction. What is too much is taken from
// the last ones; what is missing comes to the last one that has any.
func Balanced(points []Number, total Number) []Number {
	shown := Number{new(big.Rat).SetFrac64(1, 10_000)} // a unit of the last of shownDigits
	all := make([]Number, len(points))
	var sum Number
	for i, p := range points {
		all[i] = p.round(shown, Nearest)
		sum = sum.plus(all[i])
	}
	total = total.round(shown, Nearest)
	more, less := total.less(sum), sum.less(total)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].IsZero() && i > 0 {
			continue
		}
		all[i], more = all[i].plus(more), Number{}
		all[i], less = all[i].less(less), less.less(all[i])
	}
	return all
}

// round returns the multiple of step that is next to n: the nearest (halves go up), the one below
// or the one above.
func (n Number) round(step Number, mode string) Number {
	if step.IsZero() {
		return n
	}
	q := n.over(step).rat()
	whole := new(big.Int).Quo(q.Num(), q.Denom()) // n is never negative
	rest := new(big.Rat).Sub(q, new(big.Rat).SetInt(whole))
	if mode == Up && rest.Sign() > 0 || mode == Nearest && rest.Cmp(big.NewRat(1, 2)) >= 0 {
		whole.Add(whole, big.NewInt(1))
	}
	return Number{new(big.Rat).SetInt(whole)}.times(step)
}
