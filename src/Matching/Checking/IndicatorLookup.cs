using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol;
using FederationNode.Protocol.Merge;

namespace FederationNode.Matching.Checking;

/// <summary>What everybody says of an indicator, or false if nobody says anything. Safe from any thread.</summary>
/// <param name="id">The indicator's id.</param>
/// <param name="state">What is said of it.</param>
public delegate bool IndicatorLookup(Hash256 id, [NotNullWhen(true)] out IndicatorState? state);
