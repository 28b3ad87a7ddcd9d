#!/bin/sh
# Gradescope runs this once, when the image is made.
set -eu
exec sh "${AUTOGRADER:-/autograder}/source/grader/setup.sh"
