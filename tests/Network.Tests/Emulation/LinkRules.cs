namespace FederationNode.Network.Tests.Emulation;

/// <summary>What a link does to the packets of one direction between two places.</summary>
internal sealed record LinkRules
{
    /// <summary>Nothing at all.</summary>
    public static LinkRules Perfect { get; } = new();

    /// <summary>One way.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>At most this much is added to the delay of each packet. Packets do not overtake one another.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Part of the packets that is lost, each for itself: 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Bits a second, headers of IP included; 0: no limit.</summary>
    public long Rate { get; init; }

    /// <summary>Bytes that may wait where the rate is limited; what comes on top is lost.</summary>
    public int Queue { get; init; } = 64 * 1024;

    /// <summary>Nothing comes through, nor what is under way.</summary>
    public bool Cut { get; init; }

    public override string ToString() => this == Perfect ? "perfect" : string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{Delay.TotalMilliseconds:0}+{Jitter.TotalMilliseconds:0} ms, {100 * Loss:0.#} % loss, ")
        + (Rate == 0 ? "no rate" : $"{Rate / 1000} kbit/s with {Queue / 1024} KiB")
        + (Cut ? ", cut" : "");
}
