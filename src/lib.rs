//! The playground: a page around the engine, in which people see what Redis and Celery do.
