namespace FederationNode.Contracts.Api;

/// <summary>POST <see cref="ApiRoutes.SellerCeremonies"/> at the secretariat's node: plans a key ceremony.</summary>
/// <param name="Type">The identifier type of the key.</param>
/// <param name="Epoch">The epoch of the key, from 1. A key that the roster names is handed over, of another a new one is made.</param>
/// <param name="Threshold">How many of the new holders make a tag together, from 2 to their number.</param>
/// <param name="Holders">The members that hold the shares 1, 2, ... afterwards: 2 to 32.</param>
/// <param name="Without">Present holders that do not deal, for they do not answer or dealt wrongly; null: none.</param>
public sealed record CeremonyRequest(
    string Type, int Epoch, int Threshold, IReadOnlyList<string> Holders, IReadOnlyList<string>? Without = null);

/// <summary>A key ceremony, as the signed logs that this node holds tell it.</summary>
/// <param name="Id">The ceremony's id, 64 hex characters.</param>
/// <param name="Type">The identifier type of the key.</param>
/// <param name="Epoch">The epoch of the key.</param>
/// <param name="Attempt">Tells ceremonies for one key apart, from 1.</param>
/// <param name="Base">The digest of the shared key that is handed over, 64 hex characters; null: a new key is made.</param>
/// <param name="Dealers">Who deals.</param>
/// <param name="Threshold">How many of the holders make a tag together.</param>
/// <param name="Holders">Who holds the shares afterwards.</param>
/// <param name="Planned">When it was planned, in unix seconds.</param>
/// <param name="Step">keys, dealings, verdicts, confirmations, done or failed.</param>
/// <param name="Since">Since when it is at this step, in unix seconds.</param>
/// <param name="Awaited">Whose word is missing before the step ends.</param>
/// <param name="IsLate">Whether a word is missing for longer than the time for a step.</param>
/// <param name="Faults">Who broke the rules.</param>
/// <param name="Failure">Why there is no key, or null.</param>
/// <param name="Qualified">The dealers whose dealings make up the key.</param>
/// <param name="Confirmed">The holders that have proven that they have their shares.</param>
/// <param name="PublicKey">The key times the generator, 64 hex characters, once there is one.</param>
/// <param name="Commitments">The commitments behind it.</param>
/// <param name="IsNewest">Whether it is the newest for this key: in others nobody speaks any more.</param>
/// <param name="IsInForce">Whether the roster in force names its outcome.</param>
/// <param name="HasPart">Whether this node's member has a part in it.</param>
/// <param name="IsJoined">Whether the operator of this node has agreed to it.</param>
/// <param name="Error">Why this node cannot go on with it, or null.</param>
public sealed record CeremonyView(
    string Id,
    string Type,
    int Epoch,
    int Attempt,
    string? Base,
    IReadOnlyList<string> Dealers,
    int Threshold,
    IReadOnlyList<string> Holders,
    long Planned,
    string Step,
    long Since,
    IReadOnlyList<string> Awaited,
    bool IsLate,
    IReadOnlyList<CeremonyFaultView> Faults,
    string? Failure,
    IReadOnlyList<string> Qualified,
    IReadOnlyList<string> Confirmed,
    string? PublicKey,
    IReadOnlyList<string> Commitments,
    bool IsNewest,
    bool IsInForce,
    bool HasPart,
    bool IsJoined,
    string? Error);

/// <summary>Somebody broke the rules of a ceremony; the signed logs show it.</summary>
/// <param name="Member">Who.</param>
/// <param name="Kind">How, as a code.</param>
/// <param name="Text">The same in words.</param>
public sealed record CeremonyFaultView(string Member, string Kind, string Text);
