// Package disk is the file layer below the log: one directory of files, with the promises of a disk
// and no more. What is written is there after a crash only if it was synced; a name is there only
// if the directory was synced after it was made.
//
//		       wal
//		        |  FS, File
//		   +----+----------+
//		   |               |
//		 [Dir]         [Fragile]      writes to a Dir, and can lose what was not synced
//
//	  - [FS], [File]: what the log needs (disk.go)
//	  - [Dir]: the operating system's files (dir.go); [Lock]: one process at a time (lock_*.go)
//	  - [Fragile], [Lose]: loss of power, without a power switch (fragile.go, lose.go)
package disk

import "io"

// FS is a directory without subdirectories. Names are plain: no separators.
type FS interface {
	// Create makes a file, for reading and writing. It fails if there is one of that name.
	Create(name string) (File, error)
	// Open opens a file that exists, for reading and writing.
	Open(name string) (File, error)
	// Rename gives a file another name, and replaces the file of that name if there is one.
	Rename(from, to string) error
	Remove(name string) error
	// List returns the names of all files, sorted.
	List() ([]string, error)
	// SyncDir makes names durable: what was created, renamed or removed before stays so.
	SyncDir() error
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	// Allocate makes a new file size bytes long, all zero, and sees to it that writing into them
	// needs no more space on the disk.
	Allocate(size int64) error
	// Sync returns when everything written is durable. After an error nothing is known about what
	// was written since the last success, and asking again proves nothing: the system may have
	// dropped it.
	Sync() error
}

// Sector is the unit that a disk writes entirely or not at all, in bytes.
const Sector = 512
