using System.Globalization;

namespace FederationNode.Node.Api.Problems;

/// <summary>When the answer to a request must be there. What costs something is made only when somebody waits.</summary>
internal sealed class Deadline : IDisposable
{
    public const string Parameter = "timeoutMs";

    private readonly TimeProvider _clock;
    private readonly TimeSpan _time;
    private readonly long _began;
    private readonly CancellationToken _aborted;
    private CancellationTokenSource? _timer;
    private CancellationTokenSource? _either;

    /// <summary>Begins now.</summary>
    /// <param name="time">How long; <see cref="Timeout.InfiniteTimeSpan"/>: as long as it takes.</param>
    /// <param name="clock">Measures it.</param>
    /// <param name="aborted">Ends it earlier: the client left.</param>
    public Deadline(TimeSpan time, TimeProvider clock, CancellationToken aborted)
    {
        (_time, _clock, _aborted) = (time, clock, aborted);
        _began = clock.GetTimestamp();
    }

    // The timer and the time need not agree to the microsecond.
    public bool IsPassed => _timer is { IsCancellationRequested: true }
        || (_time != Timeout.InfiniteTimeSpan && _clock.GetElapsedTime(_began) >= _time);

    /// <summary>Cancelled when it has passed, or the client left.</summary>
    public CancellationToken Token
    {
        get
        {
            if (_either is null)
            {
                var left = _time - _clock.GetElapsedTime(_began);
                _timer = new CancellationTokenSource(
                    _time == Timeout.InfiniteTimeSpan ? _time : left > TimeSpan.Zero ? left : TimeSpan.Zero, _clock);
                _either = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, _aborted);
            }

            return _either.Token;
        }
    }

    /// <summary>Reads the parameter; false if it is none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="most">The longest time that it may name, in milliseconds.</param>
    /// <param name="time">What it names; null if it names nothing.</param>
    public static bool TryRead(HttpRequest request, int most, out TimeSpan? time)
    {
        time = null;
        if (!request.QueryString.HasValue || request.Query[Parameter] is not [var text])
        {
            return true;
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            || milliseconds < 1 || milliseconds > most)
        {
            return false;
        }

        time = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }

    public static ProblemResult Missed() => Fault.Deadline.Because(
        "The answer was not ready in the time that the request gave. Ask for less at once, or give it more time.");

    public void Dispose()
    {
        _either?.Dispose();
        _timer?.Dispose();
    }
}
