namespace FederationNode.Grains.Storage;

/// <summary>Notes every damaged row that a grain comes upon, whoever asked it.</summary>
internal sealed class DamageFilter(DamageBoard board) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (CorruptStateException damage)
        {
            board.Note(damage);
            throw;
        }
    }
}
