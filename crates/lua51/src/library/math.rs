//! Mathematics.

use super::{Arguments, Flow};
use crate::error::Error;
use crate::number;
use crate::value::Value;
use crate::vm::Vm;

macro_rules! of_one {
    ($($name:ident: $operation:expr),*) => {$(
        fn $name(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
            let operation: fn(f64) -> f64 = $operation;
            Ok(Flow::One(Value::Number(operation(vm.number(arguments, 0)?))))
        }
    )*};
}

of_one! {
    abs: f64::abs, acos: libm::acos, asin: libm::asin, atan: libm::atan, ceil: f64::ceil, cos: libm::cos, cosh: libm::cosh,
    deg: |x| x / (std::f64::consts::PI / 180.0), exp: libm::exp, floor: f64::floor, log: libm::log, log10: libm::log10,
    rad: |x| x * (std::f64::consts::PI / 180.0), sin: libm::sin, sinh: libm::sinh, sqrt: f64::sqrt, tan: libm::tan, tanh: libm::tanh
}

pub(super) fn open(vm: &mut Vm) -> Result<(), Error> {
    let table = vm.open_table(
        "math",
        &[
            ("abs", abs),
            ("acos", acos),
            ("asin", asin),
            ("atan2", atan2),
            ("atan", atan),
            ("ceil", ceil),
            ("cosh", cosh),
            ("cos", cos),
            ("deg", deg),
            ("exp", exp),
            ("floor", floor),
            ("fmod", fmod),
            ("frexp", frexp),
            ("ldexp", ldexp),
            ("log10", log10),
            ("log", log),
            ("max", max),
            ("min", min),
            ("modf", modf),
            ("pow", pow),
            ("rad", rad),
            ("random", random),
            ("randomseed", randomseed),
            ("sinh", sinh),
            ("sin", sin),
            ("sqrt", sqrt),
            ("tanh", tanh),
            ("tan", tan),
        ],
    )?;
    vm.heap.set_field(table, "pi", Value::Number(std::f64::consts::PI))?;
    vm.heap.set_field(table, "huge", Value::Number(f64::INFINITY))?;
    let fmod = vm.get_field(table, "fmod")?;
    vm.heap.set_field(table, "mod", fmod)
}

fn two(vm: &mut Vm, arguments: Arguments) -> Result<(f64, f64), Error> {
    // As compilers of C do, the last argument first.
    let second = vm.number(arguments, 1)?;
    Ok((vm.number(arguments, 0)?, second))
}

fn atan2(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let (y, x) = two(vm, arguments)?;
    Ok(Flow::One(Value::Number(libm::atan2(y, x))))
}

fn fmod(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let (x, y) = two(vm, arguments)?;
    Ok(Flow::One(Value::Number(libm::fmod(x, y))))
}

fn pow(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let (x, y) = two(vm, arguments)?;
    Ok(Flow::One(Value::Number(number::power(x, y))))
}

/// A number as a fraction from a half up to one, and a power of two.
fn split(number: f64) -> (f64, i32) {
    if number == 0.0 || !number.is_finite() {
        return (number, 0);
    }
    let bits = number.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    if exponent == 0 {
        let (fraction, exponent) = split(number * 2f64.powi(64));
        return (fraction, exponent - 64);
    }
    (f64::from_bits(bits & !(0x7ff << 52) | (1022 << 52)), exponent - 1022)
}

fn frexp(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let (fraction, exponent) = split(vm.number(arguments, 0)?);
    vm.push(Value::Number(fraction))?;
    vm.push(Value::Number(f64::from(exponent)))?;
    Ok(Flow::Values(2))
}

fn ldexp(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let mut exponent = vm.integer(arguments, 1)? as i32;
    let mut number = vm.number(arguments, 0)?;
    exponent = exponent.clamp(-4400, 4400);
    while exponent > 1000 {
        number *= 2f64.powi(1000);
        exponent -= 1000;
    }
    while exponent < -1000 {
        number *= 2f64.powi(-1000);
        exponent += 1000;
    }
    Ok(Flow::One(Value::Number(number * 2f64.powi(exponent))))
}

fn fold(vm: &mut Vm, arguments: Arguments, better: fn(f64, f64) -> bool) -> Result<Flow, Error> {
    let mut best = vm.number(arguments, 0)?;
    for index in 1..arguments.count {
        let number = vm.number(arguments, index)?;
        if better(number, best) {
            best = number;
        }
    }
    Ok(Flow::One(Value::Number(best)))
}

fn max(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    fold(vm, arguments, |number, best| number > best)
}

fn min(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    fold(vm, arguments, |number, best| number < best)
}

fn modf(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let number = vm.number(arguments, 0)?;
    let whole = number.trunc();
    let fraction = if number.is_infinite() {
        0f64.copysign(number)
    } else {
        (number - whole).copysign(number)
    };
    vm.push(Value::Number(whole))?;
    vm.push(Value::Number(fraction))?;
    Ok(Flow::Values(2))
}

fn random(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let next = (vm.random.next)(&mut vm.random.state);
    let (low, high) = match arguments.count {
        0 => return Ok(Flow::One(Value::Number(next))),
        1 => (1, vm.integer(arguments, 0)?),
        2 => (vm.integer(arguments, 0)?, vm.integer(arguments, 1)?),
        _ => return Err(vm.error("wrong number of arguments")),
    };
    let (low, high) = (low as i32, high as i32);
    if low > high {
        return Err(vm.argument_error(arguments.count - 1, "interval is empty"));
    }
    let count = f64::from(high.wrapping_sub(low).wrapping_add(1));
    Ok(Flow::One(Value::Number((next * count).floor() + f64::from(low))))
}

fn randomseed(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let seed = vm.number(arguments, 0)?;
    vm.random.state = (vm.random.seed)(seed);
    Ok(Flow::Nothing)
}
