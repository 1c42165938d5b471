using System.Collections.Immutable;
using FederationNode.Protocol.Merge;

namespace FederationNode.Matching.Policy;

/// <summary>What the policy makes of one indicator.</summary>
/// <param name="Verdict">The verdict on an item that matches it.</param>
/// <param name="Reason">Why, in words for an analyst: what counted, and what is missing.</param>
/// <param name="Listings">The listings that count, by member.</param>
/// <param name="Disputers">Members that dispute one of them, sorted.</param>
public sealed record Judgement(
    Verdict Verdict,
    string Reason,
    ImmutableArray<LogEntry> Listings,
    ImmutableArray<string> Disputers);
