//! The store in PostgreSQL: the peers' table, and a schema of our own for many writers.
