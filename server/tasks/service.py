"""Tasks as the API shows them."""

from uuid import UUID

from sqlalchemy.orm import Session

from annotation.masks import region_of
from annotation_db import models
from annotation_db.repositories import images, masks, persons, projects, studies, tasks
from server.images import service as image_service
from server.masks import service as mask_service
from server.masks.schemas import Mask
from server.persons import service as person_service
from server.problems import NotFoundError
from server.projects.schemas import BodyRef
from server.tasks import leases
from server.tasks.schemas import Lease, StudyTask, Task


def get_task(session: Session, task_id: UUID) -> Task:
    """One task; raises NotFoundError."""
    return out(session, existing(session, task_id))


def get_mask(session: Session, task_id: UUID) -> Mask:
    """The present mask of the task's person."""
    task = existing(session, task_id)
    return mask_service.current(session, masks.of_person(session, task.person_id))


def existing(session: Session, task_id: UUID) -> models.Task:
    """The row of a task; raises NotFoundError."""
    task = tasks.by_id(session, task_id)
    if task is None:
        raise NotFoundError("no such task")
    return task


def body_of(session: Session, task: models.Task) -> str:
    """The hash of the body that a task's project is annotated on; raises NotFoundError."""
    project = projects.by_id(session, task.project_id)
    if project is None:
        raise NotFoundError("no such project")
    return project.body_hash


def locked(session: Session, task_id: UUID) -> tuple[models.Task, models.Person]:
    """A task and its person, held until the transaction ends; raises NotFoundError."""
    found = leases.lock(session, task_id)
    if found is None:
        raise NotFoundError("no such task")
    return found


def out(session: Session, task: models.Task) -> Task:
    """The task with all that is needed to work on it."""
    project = projects.by_id(session, task.project_id)
    person = persons.by_id(session, task.person_id)
    image = images.by_id(session, person.image_id) if person else None
    if project is None or person is None or image is None:
        raise NotFoundError("the image of this task was taken out of the project")
    return Task(
        id=task.id,
        kind=task.kind,
        project_id=task.project_id,
        person=person_service.out([person])[0],
        image=image_service.out(session, [image])[0],
        lease=Lease(user_id=task.lease_user_id, until=task.lease_until),
        state=task.state,
        body=BodyRef(name=project.body_name, hash=project.body_hash),
        mask_id=masks.of_person(session, person.id).id,
        region=region_of(person.bbox, image.width, image.height),
        study=_study(session, person),
    )


def _study(session: Session, person: models.Person) -> StudyTask | None:
    study = studies.by_id(session, person.study_id) if person.study_id else None
    if study is None:
        return None
    return StudyTask(
        id=study.id,
        name=study.name,
        number=person.study_order + 1,
        total=study.practice + study.persons + study.again,
        practice=person.practice,
        masks=study.masks,
        parts=study.parts,
    )
