namespace FederationNode.Grains.Peers;

/// <summary>How often and how patiently a node talks to its peers.</summary>
public sealed record PeerOptions
{
    /// <summary>Mean time between two comparisons of heads with a peer; jittered by a fifth. Default 2 s.</summary>
    public TimeSpan HeadsInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an exchange may take. Default 10 s.</summary>
    public TimeSpan ExchangeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long fetching one range may take. Default 60 s.</summary>
    public TimeSpan RangeTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Wait after the first failed exchange; doubles up to <see cref="MaxBackoff"/>. Default 1 s.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait between attempts. Default 30 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Logs pulled at the same time. Default 3.</summary>
    public int MaxConcurrentPulls { get; init; } = 3;
}
