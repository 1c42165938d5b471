using System.Collections.Immutable;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Api.Access;

/// <summary>
/// Who may do what. The operator may do everything, the analyst what the detector may.
/// <code>
///                                              detector  analyst  operator  auditor
/// Ask      check, snapshot, changes, feedback,    x         x        x
///          seller/evaluate
/// Curate   indicators, listings, withdrawals,
///          opinions, notes, queue                           x        x
/// Audit    logs, GET roster                                          x         x
/// Operate  status, webhooks, POST roster                             x
/// </code>
/// The probes and the OpenAPI document need no key.
/// </summary>
/// <param name="Roles">The roles that may.</param>
internal sealed record Permission(ImmutableArray<string> Roles)
{
    public static readonly Permission Ask = new([ApiRole.Detector, ApiRole.Analyst, ApiRole.Operator]);
    public static readonly Permission Curate = new([ApiRole.Analyst, ApiRole.Operator]);
    public static readonly Permission Audit = new([ApiRole.Auditor, ApiRole.Operator]);
    public static readonly Permission Operate = new([ApiRole.Operator]);

    public override string ToString() => string.Join(" or ", Roles);
}
