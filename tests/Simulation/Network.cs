namespace FederationNode.Simulation;

/// <summary>What a link does to what goes over it, one way.</summary>
public sealed class SimLink
{
    public long Latency { get; set; } = 5;

    public long Jitter { get; set; } = 5;

    public double Loss { get; set; }

    public double Twice { get; set; }

    /// <summary>Bytes a millisecond.</summary>
    public double Rate { get; set; } = 10_000;

    public bool Cut { get; set; }

    /// <summary>When the last byte of what was sent before is through.</summary>
    public double BusyUntil { get; set; }

    /// <summary>The narrow line between two regions that it shares with others, or null.</summary>
    public SimBorder? Border { get; set; }
}

/// <summary>A line that all links from one region to another share.</summary>
public sealed class SimBorder
{
    /// <summary>Bytes a millisecond.</summary>
    public double Rate { get; init; } = 10_000;

    public double BusyUntil { get; set; }
}

/// <summary>An answer and its size; a peer that says nothing is null.</summary>
public sealed record SimAnswer(object Content, int Bytes);

/// <summary>
/// Requests and answers between actors. A lost message is a connection that broke: the asker hears nothing and gives
/// up after its timeout.
/// </summary>
public sealed class Network(int actors, Scheduler time, Dice dice)
{
    private const int Small = 4_000;

    private readonly SimLink[] _links = [.. Enumerable.Range(0, actors * actors).Select(_ => new SimLink())];

    public long Messages { get; private set; }

    public long Bytes { get; private set; }

    public SimLink Link(int from, int to) => _links[(from * actors) + to];

    public IReadOnlyList<SimLink> Links => _links;

    /// <summary>Sends a request; exactly one of the two callbacks follows, within the timeout.</summary>
    /// <param name="from">Who asks.</param>
    /// <param name="to">Who is asked.</param>
    /// <param name="bytes">Size of the request.</param>
    /// <param name="timeout">Milliseconds.</param>
    /// <param name="serve">Runs at the other side, maybe twice; answers by the callback, now or later or never.</param>
    /// <param name="answered">The first answer.</param>
    /// <param name="failed">No answer in time.</param>
    public void Ask(
        int from, int to, int bytes, long timeout, Action<Action<SimAnswer>> serve, Action<object> answered, Action failed)
    {
        var over = false;
        void Answer(SimAnswer answer) => Send(to, from, answer.Bytes, () =>
        {
            if (!over)
            {
                over = true;
                answered(answer.Content);
            }
        });

        Send(from, to, bytes, () => serve(Answer));
        time.After(timeout, () =>
        {
            if (!over)
            {
                over = true;
                failed();
            }
        });
    }

    private void Send(int from, int to, int bytes, Action deliver)
    {
        var link = Link(from, to);
        Messages++;
        Bytes += bytes;
        if (link.Cut || dice.Chance(link.Loss))
        {
            return;
        }

        link.BusyUntil = Math.Max(link.BusyUntil, time.Now) + (bytes / link.Rate);
        var delay = (long)(link.BusyUntil - time.Now) + link.Latency + dice.Below((int)link.Jitter + 1);
        if (link.Border is { } border && bytes > Small)
        {
            // What is small gets its share beside the bulk, and does not wait behind it.
            border.BusyUntil = Math.Max(border.BusyUntil, time.Now) + (bytes / border.Rate);
            delay += (long)(border.BusyUntil - time.Now);
        }

        time.After(delay, () => Arrive(link, deliver));
        if (dice.Chance(link.Twice))
        {
            time.After(delay + dice.Below(1000), () => Arrive(link, deliver));
        }
    }

    private static void Arrive(SimLink link, Action deliver)
    {
        if (!link.Cut)
        {
            deliver();
        }
    }
}
