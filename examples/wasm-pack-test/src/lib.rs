//! A queue of jobs in Redis that loses none: whoever takes a job holds a lease on it, and a job
//! whose lease ran out is handed out again.
//!
//! Nothing here knows what is at the other end of the connection: a server, a cluster or a test.

use redis::{Cmd, ConnectionLike, RedisResult, Script, TypedCommands};

/// Moves the oldest job to those that are leased, in one step that nothing can come between.
const TAKE: &str = "
local job = redis.call('RPOP', KEYS[1])
if job then
    redis.call('LPUSH', KEYS[2], job)
    redis.call('SET', KEYS[3] .. job, ARGV[1], 'EX', ARGV[2])
end
return job";

/// A queue by its name.
pub struct LeaseQueue<C> {
    connection: C,
    name: String,
    lease_seconds: u64,
}

impl<C: ConnectionLike> LeaseQueue<C> {
    /// A queue whose jobs come back when they are not done in so many seconds.
    pub fn new(connection: C, name: &str, lease_seconds: u64) -> LeaseQueue<C> {
        LeaseQueue { connection, name: name.to_owned(), lease_seconds }
    }

    /// Adds a job.
    pub fn push(&mut self, job: &str) -> RedisResult<()> {
        self.connection.lpush(self.waiting(), job).map(|_| ())
    }

    /// Takes the oldest job, if there is one, for a worker.
    pub fn take(&mut self, worker: &str) -> RedisResult<Option<String>> {
        Script::new(TAKE)
            .key(self.waiting())
            .key(self.leased())
            .key(self.lease_of(""))
            .arg(worker)
            .arg(self.lease_seconds)
            .invoke(&mut self.connection)
    }

    /// Says that a job is done.
    pub fn done(&mut self, job: &str) -> RedisResult<()> {
        redis::pipe()
            .atomic()
            .add_command(Cmd::lrem(self.leased(), 1, job))
            .add_command(Cmd::del(self.lease_of(job)))
            .exec(&mut self.connection)
    }

    /// Puts jobs back whose leases ran out, and says how many.
    pub fn reclaim(&mut self) -> RedisResult<usize> {
        let mut count = 0;
        for job in self.connection.lrange(self.leased(), 0, -1)? {
            if !self.connection.exists(self.lease_of(&job))? {
                self.connection.lrem(self.leased(), 1, &job)?;
                self.connection.rpush(self.waiting(), &job)?;
                count += 1;
            }
        }
        Ok(count)
    }

    fn waiting(&self) -> String {
        format!("{}:waiting", self.name)
    }

    fn leased(&self) -> String {
        format!("{}:leased", self.name)
    }

    fn lease_of(&self, job: &str) -> String {
        format!("{}:lease:{job}", self.name)
    }
}
