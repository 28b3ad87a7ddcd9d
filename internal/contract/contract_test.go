package contract_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"raftlab/internal/contract"
)

func TestYears(t *testing.T) {
	require.True(t, slices.IsSorted(contract.Years()))
	for _, year := range contract.Years() {
		c, err := contract.Of(year)
		require.NoError(t, err)
		require.Equal(t, year, c.Year)
	}
}

func TestWithoutAYearTheContractIsStrict(t *testing.T) {
	c, err := contract.Of("")
	require.NoError(t, err)
	require.Equal(t, contract.Strict, c)
	require.False(t, c.IgnoresOld)
	require.False(t, c.OwnSnapshots)
}

func TestAnUnknownYearIsToldWhichThereAre(t *testing.T) {
	_, err := contract.Of("1999")
	require.ErrorContains(t, err, `"1999"`)
	require.ErrorContains(t, err, "2021, 2022, 2023")
}
