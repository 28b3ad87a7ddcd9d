package grade

import (
	"fmt"
	"regexp"
	"strconv"
)

var shardForm = regexp.MustCompile(`^(\d{1,6})/(\d{1,6})$`)

// ParseShard reads "2/8", the second of eight.
func ParseShard(s string) (*Shard, error) {
	m := shardForm.FindStringSubmatch(s)
	if m == nil {
		return nil, fmt.Errorf("%q: write which shard it is and how many there are, such as 2/8", s)
	}
	i, _ := strconv.Atoi(m[1]) // digits only, and few
	n, _ := strconv.Atoi(m[2])
	if i < 1 || i > n {
		return nil, fmt.Errorf("%q: shards are numbered from 1 to %d", s, n)
	}
	return &Shard{i, n}, nil
}

// DetectShard finds out from the environment which task of an array this process is: of a Slurm job
// array, or of an indexed job of Kubernetes. Kubernetes does not say how many there are;
// JOB_COMPLETIONS has to. source names the variable that it went by; a nil shard means that there
// is none.
func DetectShard(env func(string) string) (s *Shard, source string, err error) {
	number := func(name string, otherwise int) (int, error) {
		text := env(name)
		if text == "" {
			return otherwise, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, fmt.Errorf("%s=%q in the environment is no number; give --shard i/n", name, text)
		}
		return n, nil
	}
	switch {
	case env("SLURM_ARRAY_TASK_ID") != "":
		source = "SLURM_ARRAY_TASK_ID"
		var id, least, count, step int
		for _, v := range []struct {
			to        *int
			name      string
			otherwise int
		}{{&id, "SLURM_ARRAY_TASK_ID", 0}, {&least, "SLURM_ARRAY_TASK_MIN", 0}, {&count, "SLURM_ARRAY_TASK_COUNT", 0}, {&step, "SLURM_ARRAY_TASK_STEP", 1}} {
			if *v.to, err = number(v.name, v.otherwise); err != nil {
				return nil, source, err
			}
		}
		if step < 1 || (id-least)%step != 0 {
			return nil, source, fmt.Errorf("%s=%d is no number of its array (from %d in steps of %d); give --shard i/n", source, id, least, step)
		}
		s = &Shard{(id-least)/step + 1, count}
	case env("JOB_COMPLETION_INDEX") != "":
		source = "JOB_COMPLETION_INDEX"
		index, err := number("JOB_COMPLETION_INDEX", 0)
		if err != nil {
			return nil, source, err
		}
		count, err := number("JOB_COMPLETIONS", 0)
		if err != nil {
			return nil, source, err
		}
		if count == 0 {
			return nil, source, fmt.Errorf("%s is in the environment, and Kubernetes does not say of how many; set JOB_COMPLETIONS to "+
				"the job's completions, or give --shard i/n", source)
		}
		s = &Shard{index + 1, count}
	default:
		return nil, "", nil
	}
	if s.Number < 1 || s.Number > s.Of {
		return nil, source, fmt.Errorf("%s says shard %s, which does not exist; give --shard i/n", source, s)
	}
	return s, source, nil
}
