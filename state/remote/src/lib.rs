//! Stores that other tools know too: the `backend` blocks of the peers, with their arguments and their wire formats.
