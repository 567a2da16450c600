//! How much of the heap is in use, for measurements.

use std::alloc::System;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracking_allocator::{
    AllocationGroupId, AllocationGroupToken, AllocationRegistry, AllocationTracker, Allocator,
};
use wasm_bindgen::prelude::*;

#[global_allocator]
static ALLOCATOR: Allocator<System> = Allocator::system();

/// Bytes of all pieces that were allocated since counting began and not freed again.
static IN_USE: AtomicUsize = AtomicUsize::new(0);

/// Counts pieces as the allocator of wasm32 cuts them.
struct Counter;

impl AllocationTracker for Counter {
    fn allocated(&self, _: usize, size: usize, _: usize, _: AllocationGroupId) {
        IN_USE.fetch_add(chunk(size), Ordering::Relaxed);
    }

    fn deallocated(
        &self,
        _: usize,
        size: usize,
        _: usize,
        _: AllocationGroupId,
        _: AllocationGroupId,
    ) {
        IN_USE.fetch_sub(chunk(size), Ordering::Relaxed);
    }
}

/// What dlmalloc takes for a piece: 4 bytes before it, multiples of 8, and no less than 16.
fn chunk(size: usize) -> usize {
    (size + 4).next_multiple_of(8).max(16)
}

/// The bytes of the heap in use, without what was there when this was called first.
#[wasm_bindgen(js_name = heapInUse)]
pub fn heap_in_use() -> usize {
    // A second call finds the counter in place.
    if AllocationRegistry::set_global_tracker(Counter).is_ok()
        && let Some(token) = AllocationGroupToken::register()
    {
        // From here on everything belongs to this group.
        std::mem::forget(Box::leak(Box::new(token)).enter());
        AllocationRegistry::enable_tracking();
    }
    IN_USE.load(Ordering::Relaxed)
}
