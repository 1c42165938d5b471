using System.Runtime.CompilerServices;

namespace FederationNode.Matching.Keywords;

/// <summary>
/// A running hash over matching classes (<see cref="Protocol.Text.TextUnits"/>), in which a class that repeats counts
/// once. It goes on over separators, so that a keyword and all its evasions have one hash. Seeded: members choose
/// keywords, and must not choose collisions.
/// </summary>
internal struct KeywordHash
{
    public const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;

    private const ulong PartSalt = 0xD6E8_FEB8_6659_FD93;
    private const ulong InnerSalt = 0xA5A3_5625_E1B4_9D67;
    private const ulong DoubledSalt = 0xC2B2_AE3D_27D4_EB4F;

    /// <summary>The hash of nothing.</summary>
    public KeywordHash(ulong seed) => Value = seed;

    /// <summary>The hash so far.</summary>
    public ulong Value { get; private set; }

    /// <summary>The last class that was taken; 0: none.</summary>
    public uint Last { get; private set; }

    /// <summary>Goes on where another one ended.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="last">The last class that it took.</param>
    public static KeywordHash Resume(ulong value, uint last) => new(value) { Last = last };

    /// <summary>Whether a class would not count, since it is the last one again.</summary>
    public readonly bool IsLast(uint unitClass) => unitClass == Last;

    /// <summary>Takes the next class.</summary>
    /// <returns>Whether it counted: it is another one than the last.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Add(uint unitClass)
    {
        if (unitClass == Last)
        {
            return false;
        }

        Value = (Value ^ unitClass) * Multiplier;
        Last = unitClass;
        return true;
    }

    /// <summary>The key of keywords that begin with a whole word, which need no boundary at their end.</summary>
    public static ulong Prefix(ulong hash) => (hash ^ PartSalt) * Multiplier;

    /// <summary>The key of keywords that may stand inside a word.</summary>
    public static ulong Inner(ulong hash) => (hash ^ InnerSalt) * Multiplier;

    /// <summary>The key of a few characters of scripts without spaces, one of which stands more than once.</summary>
    public static ulong Doubled(ulong hash) => (hash ^ DoubledSalt) * Multiplier;

    /// <summary>The key of keywords that begin with a symbol.</summary>
    public static ulong Symbol(ulong seed, int codePoint) => (((seed ^ InnerSalt) * PartSalt) ^ (uint)codePoint) * Multiplier;
}
