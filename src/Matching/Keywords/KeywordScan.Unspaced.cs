using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <content>Scripts without spaces: every pair and triple of characters may begin a keyword.</content>
internal ref partial struct KeywordScan
{
    /// <summary>
    /// Characters of scripts without spaces, one after the other: keywords may begin with each, or with the one or two
    /// before it.
    /// </summary>
    /// <returns>The index behind them.</returns>
    private int ScanUnspaced(ref Trail trail, uint unitClass, int i, int width)
    {
        ref var first = ref MemoryMarshal.GetReference(_text.Units);
        ref var words = ref MemoryMarshal.GetReference(_text.IsNormalized ? TextUnits.Normalized : TextUnits.Raw);
        ref var candidates = ref MemoryMarshal.GetReference(_candidates);
        var filter = _table.Filter;
        var (seed, length, count) = (_seed, _text.Length, _count);
        var singles = _table.HasSingles ? 1 : 0;
        var (one, two, three, last) = (trail.One, trail.Two, trail.Three, trail.Last);
        var (at, atTwo, atThree, doubled) = (trail.At, trail.AtTwo, trail.AtThree, trail.Doubled);
        while (true)
        {
            if (unitClass == last)
            {
                at = i;
                doubled |= 1;
            }
            else
            {
                last = unitClass;
                three = (two ^ unitClass) * KeywordHash.Multiplier;
                two = (one ^ unitClass) * KeywordHash.Multiplier;
                one = (seed ^ unitClass) * KeywordHash.Multiplier;
                (atThree, atTwo, at) = (atTwo, at, i);
                doubled <<= 1;
                Unsafe.Add(ref candidates, count).Set(three, unitClass, atThree, i + width);
                count += filter.MayHave(three) ? 1 : 0;
                Unsafe.Add(ref candidates, count).Set(two, unitClass, atTwo, i + width);
                count += filter.MayHave(two) ? 1 : 0;
            }

            i += width;
            if (((doubled & 7) | singles) != 0 || count > MaxCandidates - CandidatesAtOnce)
            {
                _count = count;
                trail = new Trail(one, two, three, last, at, atTwo, atThree, doubled);
                AddRare(trail, i);
                count = _count;
            }

            if (i >= length)
            {
                break;
            }

            var word = Unsafe.Add(ref words, Unsafe.Add(ref first, i));
            if ((word & TextUnits.KindMask) != (uint)UnitKind.Unspaced)
            {
                break;
            }

            unitClass = word >> TextUnits.ClassShift;
            width = 1;
        }

        _count = count;
        trail = new Trail(one, two, three, last, at, atTwo, atThree, doubled);
        return i;
    }

    /// <summary>Candidates that few keywords make, and room for more.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddRare(in Trail trail, int end)
    {
        var table = _table;
        if (table.HasSingles && table.MayHave(trail.One))
        {
            _ = AddCandidate(trail.One, trail.Last, trail.At, end);
        }

        if (table.HasDoubled && (trail.Doubled & 7) != 0)
        {
            if ((trail.Doubled & 1) != 0)
            {
                AddDoubled(trail.One, trail.At, end);
            }

            if ((trail.Doubled & 3) != 0)
            {
                AddDoubled(trail.Two, trail.AtTwo, end);
            }

            AddDoubled(trail.Three, trail.AtThree, end);
        }

        if (_count > MaxCandidates - CandidatesAtOnce)
        {
            VisitCandidates();
        }
    }

    private void AddDoubled(ulong hash, int start, int end)
    {
        var key = KeywordHash.Doubled(hash);
        if (_table.MayHave(key))
        {
            _ = AddCandidate(key, 0, start, end);
        }
    }

    /// <summary>
    /// The last characters of scripts without spaces, repetitions left out: the hashes of the last one, two and three,
    /// where each stands last (-1: nowhere), and bit n: the nth before the last stands more than once.
    /// </summary>
    private readonly record struct Trail(
        ulong One, ulong Two, ulong Three, uint Last, int At, int AtTwo, int AtThree, int Doubled)
    {
        /// <summary>Nothing has come yet.</summary>
        public Trail(ulong seed)
            : this(~seed, ~seed, ~seed, 0, -1, -1, -1, 0)
        {
        }
    }
}
