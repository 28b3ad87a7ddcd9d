// Package hidden derives seeds from a secret, so that those with whose code they run cannot prepare
// for them, and names each by a code that may be shown.
package hidden

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"raftlab/internal/suite"
)

// Seeds says with which seeds each case runs: with those that were given, or with hidden ones.
//
// Hidden seeds are derived from a secret, by case and number: n-th seed of 2A/ReElection. They have
// 64 bits, so that they cannot be tried one after the other, and are equal for all students. Each
// has a code of its own, derived from the secret as well, that may be shown: it names the run to
// those that have the secret, and tells nothing to others.
type Seeds struct {
	given []uint64
	salt  []byte // nil: seeds are not hidden
}

// Given are seeds that everybody may know.
func Given(seeds []uint64) Seeds { return Seeds{given: seeds} }

// minSalt is the least number of bytes of a secret.
const minSalt = 16

// ReadSalt makes hidden seeds, one for each that is given, from the content of a file.
func ReadSalt(content []byte, seeds []uint64) (Seeds, error) {
	if len(strings.TrimSpace(string(content))) < minSalt {
		return Seeds{}, fmt.Errorf("the secret has fewer than %d bytes, and could be guessed; make one with `head -c 32 /dev/urandom | base64 > salt`", minSalt)
	}
	sum := sha256.Sum256(append([]byte("raftlab salt\x00"), content...))
	return Seeds{given: seeds, salt: sum[:]}, nil
}

// Hidden reports whether seeds must not be shown.
func (s Seeds) Hidden() bool { return s.salt != nil }

// Count is how many seeds a case runs with.
func (s Seeds) Count() int { return len(s.given) }

// String is what was given: "1-5".
func (s Seeds) String() string { return suite.FormatSeeds(s.given) }

// Mark identifies the secret without telling it; empty where there is none.
func (s Seeds) Mark() string {
	if s.salt == nil {
		return ""
	}
	return hex.EncodeToString(s.derive("mark", "", 0)[:8])
}

func (s Seeds) derive(purpose, caseID string, n uint64) []byte {
	h := hmac.New(sha256.New, s.salt)
	fmt.Fprintf(h, "%s\x00%s\x00%d", purpose, caseID, n)
	return h.Sum(nil)
}

// Numbers are what was given, by which the seeds of each case are numbered.
func (s Seeds) Numbers() []uint64 { return s.given }

// Of returns the seeds of a case, in the order in which they run.
func (s Seeds) Of(caseID string) []uint64 {
	if s.salt == nil {
		return s.given
	}
	hidden := make([]uint64, len(s.given))
	for i, n := range s.given {
		hidden[i] = max(binary.LittleEndian.Uint64(s.derive("seed", caseID, n)), 1) // there is no seed 0
	}
	return hidden
}

// Code is what is shown instead of a seed: "K3F9-2M7Q". Empty where seeds are not hidden, or the
// case has no such seed.
func (s Seeds) Code(caseID string, seed uint64) string {
	if s.salt == nil {
		return ""
	}
	for i, known := range s.Of(caseID) {
		if known == seed {
			return s.code(caseID, s.given[i])
		}
	}
	return ""
}

// letters are those of Crockford's base 32, without the ones that look like others.
var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

func (s Seeds) code(caseID string, n uint64) string {
	text := letters.EncodeToString(s.derive("code", caseID, n)[:5])
	return text[:4] + "-" + text[4:]
}

// maxCodes is up to which number the seed of a code is looked for.
const maxCodes = 10_000

// Find returns the seed that a code stands for.
func (s Seeds) Find(caseID, code string) (uint64, error) {
	if s.salt == nil {
		return 0, errors.New("a code needs the secret that seeds were derived from")
	}
	code = strings.ToUpper(strings.TrimSpace(code))
	for n := uint64(1); n <= maxCodes; n++ {
		if s.code(caseID, n) == code {
			return Seeds{given: []uint64{n}, salt: s.salt}.Of(caseID)[0], nil
		}
	}
	return 0, fmt.Errorf("no run of %s has the code %s under this secret; a code belongs to its case, and to the secret of its assignment", caseID, code)
}
