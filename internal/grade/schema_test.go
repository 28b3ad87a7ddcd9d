package grade

import (
	"bytes"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"raftlab/internal/hidden"
)

// All JSON of a grading is as the schemas in docs/ say, for students of all kinds.
func TestSchemas(t *testing.T) {
	schemas := map[string]*jsonschema.Schema{}
	for _, name := range []string{"grades", "grade-record", "grade-plan"} {
		s, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "schemas", name+"-v1.json"))
		require.NoError(t, err)
		schemas[name] = s
		empty, err := jsonschema.UnmarshalJSON(strings.NewReader("{}"))
		require.NoError(t, err)
		require.Error(t, s.Validate(empty), "a schema that takes anything proves nothing")
	}
	salt, err := hidden.ReadSalt([]byte("a secret of more than sixteen bytes"), []uint64{1, 2})
	require.NoError(t, err)
	dir := people(t)
	for _, change := range []func(*Class){
		func(*Class) {},
		func(c *Class) {
			c.Seeds, c.Policy.Extra, c.Policy.Parts, c.Policy.Feedback.Hints = salt, []string{"2E"}, map[string]Number{"2A": Int(3)}, map[string]string{"g": "x"}
		},
		func(c *Class) { c.Shard, c.Policy.Seeds = &Shard{1, 2}, "3 of 5" },
	} {
		out := t.TempDir()
		c := setting(t, dir, out, &puppets{}, change)
		c.Race, c.CompileRace = true, compileRaced
		graded(t, c)
		seen := map[string]int{}
		for name, text := range tree(t, c.Out) {
			which := map[string]string{"grades.json": "grades", "record.json": "grade-record", "plan.json": "grade-plan"}[path.Base(name)]
			if which == "" {
				continue
			}
			seen[which]++
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
			require.NoError(t, err, name)
			assert.NoError(t, schemas[which].Validate(v), name)
		}
		assert.Len(t, seen, 3)
	}
}
