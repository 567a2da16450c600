//! WAIT and WAITAOF, as a master without replicas and without a file answers them.

use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use keyspace_resp::ReplyWriter;

/// WAIT numreplicas timeout
pub(super) fn wait(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let replicas = args::integer(args[1])?;
    let deadline = args::timeout_millis(args[2], ctx.now())?;
    let none_have_it: fn(&mut ReplyWriter) = |out| out.integer(0);
    if replicas <= 0 {
        none_have_it(out);
    } else {
        ctx.block_until(out, args, deadline, none_have_it);
    }
    Ok(())
}

/// WAITAOF numlocal numreplicas timeout
pub(super) fn waitaof(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let local = args::integer(args[1])?;
    if !(0..=1).contains(&local) {
        return Err(CommandError::text(&"ERR value is out of range, value must between 0 and 1"));
    }
    let replicas = args::integer(args[2])?;
    if replicas < 0 {
        return Err(CommandError::NotPositive);
    }
    let deadline = args::timeout_millis(args[3], ctx.now())?;
    if local > 0 {
        return Err(CommandError::text(
            &"ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
        ));
    }
    let none_have_it: fn(&mut ReplyWriter) = |out| {
        out.array(2);
        out.integer(0);
        out.integer(0);
    };
    if replicas == 0 {
        none_have_it(out);
    } else {
        ctx.block_until(out, args, deadline, none_have_it);
    }
    Ok(())
}
