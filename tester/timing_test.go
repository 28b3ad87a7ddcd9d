package tester

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The page that students read and the constants that judge them say the same.
func TestTimingPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "timing.md"))
	require.NoError(t, err)
	for name, value := range map[string]any{
		"ElectionTimeoutLow": ElectionTimeoutLow, "ElectionTimeoutHigh": ElectionTimeoutHigh,
		"HeartbeatLow": HeartbeatLow, "HeartbeatHigh": HeartbeatHigh, "IdleRPCs": IdleRPCs, "CatchUp": CatchUp,
		"ApplyLimit": ApplyLimit, "DeposedLimit": DeposedLimit, "ElectionLimit": ElectionLimit, "TermLimit": TermLimit,
		"CommitLimit": CommitLimit, "AgreementLimit": AgreementLimit, "WaitLimit": WaitLimit, "ProgressLimit": ProgressLimit, "StuckLimit": StuckLimit,
		"LeftoverGrace": LeftoverGrace, "CaseLimit": CaseLimit,
	} {
		require.Contains(t, string(page), fmt.Sprintf("| `%s` | %v |", name, value))
	}
}
