import CMappings

/// What becomes of memory that is freed.
package enum FreedMemory {
    /// Has the C library give it back to the system, from now on. Buffers of links come and go in thousands, and what a flood of them took
    /// would stay with the process: large ones become mappings of their own, and threads share two pools, each of which can shrink at its end
    /// only. To be called once, before other threads begin.
    package static func goesBack() { shoal_return_freed_memory() }
}
