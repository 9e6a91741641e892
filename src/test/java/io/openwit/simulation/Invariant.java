package io.openwit.simulation;

/// What has to hold whatever happens; a program can check each one.
enum Invariant {
    /// Every acknowledged row is stored once faults stop. Its place: [Recorder] stands for storage until the real one is stepped
    /// here; what it lacks of the acknowledged rows is reported as PREFIX.
    I1_CONSERVATION,
    /// Every stored row was sent, its canonical bytes equal. Its place: beside I1. Until then CORRUPTION compares sealed bytes.
    I2_INTEGRITY,
    /// Copies appear once in storage. Its place: [ModelJudge], which compares every verdict, and [Recorder] behind it.
    I3_UNIQUENESS,
    /// At every acknowledgement, the durable position is not before the row's.
    I4_SYNC_FIRST,
    /// After a force that failed, or a write that failed but for a full disk, nothing is acknowledged, and a restart recovers.
    I5_FAILED_SYNC,
    /// A duplicate is acknowledged only after its original is durable. Its place: [World] sends rows again, and an acknowledged
    /// duplicate counts as an acknowledged row; interleavings within a group follow.
    I6_HONEST_DEDUP,
    /// Recovery returns whole groups, a hole-free prefix, and in it everything acknowledged.
    I7_PREFIX,
    /// Damage is counted and located; everything else is delivered; no wrong byte is.
    I8_CORRUPTION,
    /// The same bytes give the same ids, rows, order and verdicts.
    I9_DETERMINISM,
    /// No segment is recycled before every follower that needs its rows has durably passed it.
    I10_RETENTION,
    /// The committed offset is not beyond what is in the log. Its place: a Kafka source that [World] steps.
    I11_KAFKA,
    /// One metadata row a batch, whose state only advances. Its place: the metastore behind the follower `metastore`.
    I12_METADATA,
    /// Every accepted row decodes at replay, and a start never fails by itself.
    I16_NO_POISON
}
