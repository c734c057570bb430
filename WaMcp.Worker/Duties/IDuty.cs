namespace WaMcp.Worker.Duties;

/// <summary>Something that is done once a day, once across replicas.</summary>
internal interface IDuty
{
    /// <summary>What operators call it.</summary>
    string Name { get; }

    /// <summary>The audit row of each run.</summary>
    string Action { get; }

    /// <summary>Why this process cannot do it, in words for an operator; null when it can. Others may.</summary>
    string? Obstacle { get; }

    /// <summary>Does it, and counts in <paramref name="turn"/> what it did. Whatever it throws ends the run, which is tried again later.</summary>
    Task RunOnceAsync(DutyTurn turn, CancellationToken cancellationToken);
}
