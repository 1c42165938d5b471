namespace FederationNode.Simulation;

public sealed partial class SimNode
{
    // As on a real machine: milliseconds since 1970.
    private const long Epoch = 1_700_000_000_000;

    private long _startedAt;
    private long _startedClock = Epoch;

    /// <summary>How fast the node's clock runs, in thousandths: 1,000 is right.</summary>
    public long ClockRate { get; set; } = 1_000;

    /// <summary>What somebody, or something, has set the wall clock wrong by, milliseconds.</summary>
    public long ClockOffset { get; set; }

    /// <summary>
    /// The time that the core is given: the wall clock at the start, counted on by the monotonic clock. Wall clocks
    /// that jump move no timer of a process that runs, but what it wrote down is read by another clock after a restart.
    /// </summary>
    public long Clock => _startedClock + ((World.Time.Now - _startedAt) * ClockRate / 1_000);

    /// <summary>What the wall clock says. It gets into entries, and must not matter to what they do.</summary>
    public long WallClock => Epoch + (World.Time.Now * ClockRate / 1_000) + ClockOffset;

    private void StartClock() => (_startedAt, _startedClock) = (World.Time.Now, WallClock);

    /// <summary>Virtual time in which the node's clock counts so much.</summary>
    private long Lasting(long milliseconds) => ((milliseconds * 1_000) + ClockRate - 1) / ClockRate;
}
