//! Requests against a server of the test, which answers what it is told.
