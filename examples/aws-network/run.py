#!/usr/bin/env python3
"""Runs this configuration against an emulator: made, planned again (nothing to do), destroyed.

    python3 examples/aws-network/run.py [TERRANE]

TERRANE is the program, `terrane` if it is not said. The emulator (moto) is started and ends with this script.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import emulated

emulated.main("aws-network")
