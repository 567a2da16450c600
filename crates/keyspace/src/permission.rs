//! What clients may do as the users that they are: the check before each call, logging in, and what
//! becomes of clients whose user changes or goes.

use crate::acl::log::{Denial, LogContext, Reason};
use crate::acl::{DEFAULT_USER, Denied, User, UserId};
use crate::args::Args;
use crate::client::ClientId;
use crate::command::{self, Command};
use crate::engine::Engine;
use crate::error::CommandError;
use crate::pubsub::Kind;
use crate::value::SmallBytes;

impl Engine {
    /// Whether the client's user may make this call. A hidden client may make any.
    pub(crate) fn acl_permits(
        &self,
        id: ClientId,
        command: &Command,
        args: &Args<'_>,
    ) -> Result<(), Denied> {
        let Some(client) = self.clients.get(&id).filter(|client| !client.hidden) else {
            return Ok(());
        };
        let user = self.acl.user(client.user);
        if user.is_unrestricted() { Ok(()) } else { user.check(command, args) }
    }

    /// Like [`acl_permits`](Self::acl_permits), for a call that is about to be made: a denial is
    /// counted and logged.
    pub(crate) fn acl_check(
        &mut self,
        id: ClientId,
        command: &Command,
        args: &Args<'_>,
        context: LogContext,
    ) -> Result<(), Denied> {
        self.acl_permits(id, command, args).inspect_err(|&denied| {
            let (reason, object) = match denied {
                Denied::Command => (Reason::Command, command.spec.name.as_bytes()),
                Denied::Key(index) => (Reason::Key, args[index]),
                Denied::Channel(index) => (Reason::Channel, args[index]),
            };
            let username = self.username(id).into();
            self.log_denial(id, Denial { reason, context, object: object.into(), username });
        })
    }

    /// The error of a call that was denied.
    pub(crate) fn no_permission(
        &self,
        id: ClientId,
        command: &Command,
        denied: Denied,
    ) -> CommandError {
        CommandError::NoPermission(Box::new(denied.text(self.username(id), command.spec)))
    }

    /// The name of the user that a client is.
    pub(crate) fn username(&self, id: ClientId) -> &[u8] {
        self.clients.get(&id).map_or(DEFAULT_USER, |client| &self.acl.user(client.user).name)
    }

    fn log_denial(&mut self, id: ClientId, denial: Denial) {
        let Some(client) = self.clients.get(&id) else {
            return;
        };
        let mut client_info = Vec::new();
        command::describe_client(&mut client_info, client, None, self);
        client_info.truncate(client_info.trim_ascii_end().len());
        self.acl.log.add(denial, client_info, self.now, self.config.acllog_max_len);
    }

    /// Logs a client in; a failure is counted and logged. `command` is the name by which it asked.
    ///
    /// # Errors
    /// `WRONGPASS` where there is no such user, or it does not accept the password.
    pub(crate) fn authenticate(
        &mut self,
        id: ClientId,
        username: &[u8],
        password: &[u8],
        command: &[u8],
        context: LogContext,
    ) -> Result<(), CommandError> {
        let Some(user) = self.acl.authenticate(username, password) else {
            let (reason, object, username) = (Reason::Auth, command.into(), username.into());
            self.log_denial(id, Denial { reason, context, object, username });
            return Err(CommandError::text(
                &"WRONGPASS invalid username-password pair or user is disabled.",
            ));
        };
        if let Some(client) = self.clients.get_mut(&id) {
            client.user = user;
            client.authenticated = true;
        }
        Ok(())
    }

    /// Makes a client the default user, as when it connected.
    pub(crate) fn become_default_user(&mut self, id: ClientId) {
        let needs_no_login = self.acl.default_user().needs_no_login();
        if let Some(client) = self.clients.get_mut(&id) {
            client.user = UserId::default();
            client.authenticated = client.hidden || needs_no_login;
        }
    }

    /// Adds or changes a user. Clients that listen to what the user no longer reaches are closed.
    pub(crate) fn set_user(&mut self, user: User, running: ClientId) {
        let old = self.acl.find(&user.name).map(|id| (id, self.acl.user(id).clone()));
        if let Some((id, old)) = old
            && user.may_lose_channels_of(&old)
        {
            let listens_beyond = |client: &ClientId| {
                let client = &self.clients[client];
                let names = |kind| client.subscriptions.of(kind).iter();
                let beyond = names(Kind::Pattern).any(|name| !user.may_subscribe_pattern(name))
                    || names(Kind::Channel).any(|name| !user.may_subscribe(name))
                    || names(Kind::Shard).any(|name| !user.may_subscribe(name));
                beyond && !client.hidden
            };
            let closed: Vec<_> = self.clients_of(id).filter(listens_beyond).collect();
            self.log_out(&closed, running);
        }
        self.acl.insert(user);
    }

    /// Deletes a user, who must not be the default user, and closes its clients; `false` where
    /// there was none.
    pub(crate) fn delete_user(&mut self, name: &[u8], running: ClientId) -> bool {
        let Some(id) = self.acl.remove(name) else {
            return false;
        };
        let closed: Vec<_> = self.clients_of(id).collect();
        self.log_out(&closed, running);
        true
    }

    fn clients_of(&self, user: UserId) -> impl Iterator<Item = ClientId> {
        let clients = self.clients.values().filter(move |client| client.user == user);
        clients.map(|client| client.id)
    }

    /// Makes clients the default user and closes them, the one whose command runs behind its
    /// reply. A hidden one stays.
    fn log_out(&mut self, ids: &[ClientId], running: ClientId) {
        for &id in ids {
            let Some(client) = self.clients.get_mut(&id) else {
                continue;
            };
            client.user = UserId::default();
            if client.hidden {
                continue;
            }
            client.authenticated = false;
            client.closing = true;
            if id != running {
                self.kill_client(id);
            }
        }
    }

    /// Panics where a client is a user that is not there.
    pub(crate) fn check_users(&self) {
        for client in self.clients.values() {
            let name: &SmallBytes = &self.acl.user(client.user).name;
            assert_eq!(self.acl.find(name), Some(client.user), "a client's user has its name");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{ConnectOptions, Engine, Options, UnixMillis};

    const NOW: UnixMillis = UnixMillis(0);

    #[test]
    fn an_observer_may_do_everything_whatever_users_may() {
        let mut engine = Engine::new(Options::default());
        let client = engine.connect(NOW);
        let hidden = ConnectOptions { hidden: true, ..ConnectOptions::default() };
        let mut call = |id, command: &[u8]| {
            engine.receive(id, command, NOW);
            engine.check_invariants();
            engine.take_output(id)
        };
        assert_eq!(call(client, b"ACL SETUSER default off >x -@all resetkeys\r\n"), b"+OK\r\n");
        assert_eq!(
            call(client, b"GET k\r\n"),
            b"-NOPERM User default has no permissions to run the 'get' command\r\n"
        );
        let observer = engine.connect_with(hidden, NOW);
        let mut call = |command: &[u8]| {
            engine.receive(observer, command, NOW);
            engine.check_invariants();
            engine.take_output(observer)
        };
        assert_eq!(call(b"SET k v\r\n"), b"+OK\r\n");
        assert_eq!(
            call(b"RPUSH list 2 1\r\nSORT list BY w*\r\n"),
            b":2\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n"
        );
        assert_eq!(call(b"MULTI\r\nGET k\r\nEXEC\r\n"), b"+OK\r\n+QUEUED\r\n*1\r\n$1\r\nv\r\n");
        assert_eq!(call(b"RESET\r\nGET k\r\n"), b"+RESET\r\n$1\r\nv\r\n");
        assert_eq!(call(b"ACL SETUSER a on nopass\r\nAUTH a x\r\n"), b"+OK\r\n+OK\r\n");
        assert_eq!(call(b"ACL DELUSER a\r\nGET k\r\n"), b":1\r\n$1\r\nv\r\n");
        assert!(call(b"ACL LOG\r\n").starts_with(b"*1\r\n"), "only the client was denied anything");
    }
}
