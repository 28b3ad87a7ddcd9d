package launch

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is no folder of a cluster is said, with what to do, and is neither read without end nor
// taken for a cluster.
func TestReadOfWhatIsNoCluster(t *testing.T) {
	dir := t.TempDir()
	_, err := Read(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	made, err := Create(filepath.Join(dir, "good"), 3, "x")
	require.NoError(t, err)
	read, err := Read(filepath.Join(dir, "good"))
	require.NoError(t, err)
	require.Equal(t, made.Members, read.Members)

	name := filepath.Join(dir, folderFile)
	for text, says := range map[string]string{
		`{"members":`:      "unexpected end",
		`[]`:               "cannot unmarshal array",
		`{}`:               "it names 0 members",
		"\x00\xff":         "invalid character",
		`{"members":[{}]}`: `member 0 has the address ""`,
		`{"members":[{"peers":"127.0.0.1:99999","http":"127.0.0.1:1"}]}`: `the address "127.0.0.1:99999"`,
		string(make([]byte, maxFolderFile+1)):                            "it has 1048577 bytes",
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		_, err := Read(dir)
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, "put a copy of it back, or begin a new cluster in another folder with --data")
	}
	_, err = Read(name)
	require.ErrorContains(t, err, "--data names a folder")
	require.NoError(t, os.Remove(name))
	require.NoError(t, os.Symlink(os.DevNull, name))
	_, err = Read(dir)
	require.ErrorContains(t, err, "it is no regular file")
}

// Members that have been started and of which the folder's file does not tell are not left behind
// in silence: the others could take themselves for a majority.
func TestMembersThatAreNotNamed(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(dir, 3, "x")
	require.NoError(t, err)
	for i := range 3 {
		require.NoError(t, f.Enter(i))
	}
	name := filepath.Join(dir, folderFile)
	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	f.Members = f.Members[:2]
	require.NoError(t, f.Save())
	_, err = Read(dir)
	require.ErrorContains(t, err, "it names 2 members, and member 2 has been started here")

	require.NoError(t, os.Remove(name))
	_, err = Create(dir, 3, "x")
	require.ErrorContains(t, err, "it is gone, and members have been started here")
	require.NoFileExists(t, name)
	require.NoError(t, os.WriteFile(name, whole, 0o600))
	_, err = Read(dir)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(f.MemberDir(1), "member.json"), nil, 0o600))
	require.ErrorContains(t, f.Enter(1), "put it back as it was")
}

// TestBegunLogs: a member that has begun its log says so, in a file that is still its own.
func TestBegunLogs(t *testing.T) {
	f, err := Create(t.TempDir(), 3, "x")
	require.NoError(t, err)
	for _, begins := range []bool{false, true} {
		require.NoError(t, f.Enter(1))
		begun, err := f.HasLog(1)
		require.NoError(t, err)
		require.False(t, begun)
		if begins {
			require.NoError(t, f.BeginLog(1))
		}
	}
	require.NoError(t, f.Enter(1))
	begun, err := f.HasLog(1)
	require.NoError(t, err)
	require.True(t, begun)
	require.NoError(t, os.Rename(f.MemberDir(1), f.MemberDir(2)))
	require.ErrorContains(t, f.Enter(2), "belongs to member 1")
}
