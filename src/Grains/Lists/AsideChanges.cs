using System.Buffers.Binary;
using System.Security.Cryptography;
using FederationNode.Protocol;

namespace FederationNode.Grains.Lists;

/// <summary>
/// Indicators that changed aside: not because an entry was applied in its turn, but because one counts before it
/// (urgent, outlined, deferred), one from before counts again, or what it was is erased. Who follows the logs would not
/// hear which these are. Bounded: what is older is forgotten, and a reader that had not come so far begins anew. Not safe
/// for concurrent use.
/// </summary>
/// <param name="capacity">Changes that are remembered; a power of two.</param>
internal sealed class AsideChanges(int capacity)
{
    // A power of two long; the change at a position stands at its remainder.
    private Hash256[] _ring = new Hash256[Math.Min(capacity, 64)];

    /// <summary>
    /// Within one run every position tells what came after it. Another run begins with the process, and when entries
    /// that readers were told of do not count any more, so that positions in logs mean something else.
    /// </summary>
    public ulong Run { get; private set; } = NewRun();

    /// <summary>Changes so far, the forgotten ones included.</summary>
    public long End { get; private set; }

    private long First => Math.Max(0, End - _ring.Length);

    /// <summary>Takes note of changes.</summary>
    public void Add(IEnumerable<Hash256> indicators)
    {
        foreach (var id in indicators)
        {
            if (End == _ring.Length && _ring.Length < capacity)
            {
                // Nothing was overwritten yet: every change stands at its position.
                Array.Resize(ref _ring, 2 * _ring.Length);
            }

            _ring[SlotOf(End)] = id;
            End++;
        }
    }

    /// <summary>Begins another run. What was noted stays: a reader that begins at nothing needs it.</summary>
    public void Restart() => Run = NewRun();

    /// <summary>Whether all changes since a position are remembered.</summary>
    public bool Reaches(ListPosition position) => position.Run == Run && position.Aside >= First && position.Aside <= End;

    /// <summary>The next changes after a position that <see cref="Reaches"/> holds of; at most so many.</summary>
    public IReadOnlyList<Hash256> After(long position, int most)
    {
        var changes = new Hash256[Math.Min(most, End - position)];
        for (var i = 0; i < changes.Length; i++)
        {
            changes[i] = _ring[SlotOf(position + i)];
        }

        return changes;
    }

    private int SlotOf(long position) => (int)(position & (_ring.Length - 1));

    private static ulong NewRun() => BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(8));
}
