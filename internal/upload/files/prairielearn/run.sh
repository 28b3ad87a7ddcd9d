#!/bin/sh
# PrairieLearn runs this in the image (Dockerfile), which has the grader at /grader.
set -eu
at=${GRADE:-/grade}
mkdir -p "$at/results"
exec sh "${GRADER:-/grader}/grade.sh" "$at/student" prairielearn "$at/results/results.json"
