namespace FederationNode.Simulation;

/// <summary>All randomness of a run: SplitMix64 from its seed.</summary>
public sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            var z = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>From <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public long Between(long low, long high) => low + (long)(Next() % (ulong)(high - low + 1));

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public bool Chance(double probability) => Next() < probability * ulong.MaxValue;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>Dice of their own, so that one part of a run does not change another's throws.</summary>
    public Dice Fork() => new(Next());
}
