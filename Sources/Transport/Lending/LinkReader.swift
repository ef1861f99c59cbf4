/// A thread that works on what links bring, and that can wait for it at a link's socket itself while it has nothing else to do.
///
/// When an event loop reads a step and hands it over, two threads are woken for it one after the other. A lone step of one row, which the
/// whole pipe waits for, is better read by the thread that computes it. Safe from any thread.
package protocol LinkReader: AnyObject, Sendable {
    /// Lends it the reading of a link over which such a step has come, and the next one is to be expected. On the link's event loop.
    ///
    /// - Returns: whether it is taken; then nobody else reads the link until it is given back.
    func borrow(_ reading: LentReading) -> Bool

    /// A reading that it waits with is wanted back: the wait is to end.
    func returnReading()
}
