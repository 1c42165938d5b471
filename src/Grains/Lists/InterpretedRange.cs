using FederationNode.Protocol;
using FederationNode.Protocol.Merge;

namespace FederationNode.Grains.Lists;

/// <summary>What consecutive entries of a log mean.</summary>
/// <param name="Origin">The log.</param>
/// <param name="From">Index of the first one.</param>
/// <param name="End">Index behind the last one.</param>
/// <param name="Meaningful">Those that do something, in their order.</param>
/// <param name="Without">Those that do nothing, each with the reason.</param>
internal sealed record InterpretedRange(
    Origin Origin, long From, long End, List<PreparedEntry> Meaningful, IReadOnlyList<(long Index, string Reason)> Without);
