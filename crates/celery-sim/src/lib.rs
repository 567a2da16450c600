//! Celery's producer and worker as deterministic clients of a keyspace engine.
#![deny(missing_docs)]
