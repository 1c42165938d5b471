using System.Collections.Immutable;
using FederationNode.Matching.Policy;

namespace FederationNode.Matching.Checking;

/// <summary>What the list says of one item.</summary>
/// <param name="Verdict">The gravest verdict of its matches, unless <paramref name="Reason"/> says why it is another.</param>
/// <param name="Matches">Its matches, the gravest first, then the surest, then by indicator and place.</param>
/// <param name="Reason">Why the verdict is graver than that of any match, in words, or null.</param>
public readonly record struct ItemVerdict(Verdict Verdict, ImmutableArray<JudgedMatch> Matches, string? Reason = null)
{
    /// <summary>Of an item that matches nothing.</summary>
    public static ItemVerdict None { get; } = new(Verdict.None, []);
}
